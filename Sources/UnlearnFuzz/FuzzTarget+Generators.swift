// The descriptions of models that redraw pictures, and of what they undo.

import Foundation
import UnlearnData
import UnlearnModels

extension FuzzTarget {
    static var generator: FuzzTarget {
        let task =
            #","degradation":{"kind":"random-masks","center":0.5,"share":0.5,"cell":4,"factor":2,"#
            + #""interpolation":"nearest"}}"#
        let tiny =
            #"{"model_type":"autoencoder_tiny","in_channels":1,"out_channels":1,"sample_size":[28,28],"#
            + #""latent_channels":8,"#
            + #""encoder_block_out_channels":[4,8],"decoder_block_out_channels":[8,4],"num_encoder_blocks":[0,1],"#
            + #""num_decoder_blocks":[1,0],"use_midblock_gn":true"#
        let masked =
            #"{"model_type":"vit_mae","image_size":8,"patch_size":4,"num_channels":1,"hidden_size":8,"#
            + #""num_hidden_layers":1,"#
            + #""num_attention_heads":2,"intermediate_size":8,"decoder_hidden_size":8,"decoder_num_hidden_layers":1,"#
            + #""decoder_num_attention_heads":2,"decoder_intermediate_size":8,"image_mean":[0.5],"image_std":[0.5]"#
        let quantized =
            #"{"model_type":"vqgan","embed_dim":2,"n_embed":6,"norm_num_groups":2,"ddconfig":{"z_channels":3,"#
            + #""resolution":8,"#
            + #""in_channels":1,"out_ch":1,"ch":4,"ch_mult":[1,2],"num_res_blocks":1,"attn_resolutions":[4]}"#
        let diffusion =
            #"{"model_type":"diffusion_inpainter","in_channels":2,"out_channels":1,"sample_size":8,"#
            + #""block_out_channels":[4,8],"down_block_types":["DownBlock2D","AttnDownBlock2D"],"#
            + #""up_block_types":["AttnUpBlock2D","UpBlock2D"],"layers_per_block":1,"norm_num_groups":2,"#
            + #""attention_head_dim":4,"num_train_timesteps":20,"num_inference_steps":5,"beta_start":0.01,"#
            + #""beta_end":0.3"#
        return FuzzTarget(
            name: "generator.json", fileName: "config.json",
            seeds: [tiny, masked, quantized, diffusion].map { Array(($0 + task).utf8) }
        ) { folder in
            let file = try ConfigurationFile(folder.appending(path: "config.json"))
            try ArchitectureCatalog.generator(for: file).check(file)
            _ = try GeneratorDirectory.degradation(in: folder)?.problem(channels: 3, height: 28, width: 20)
        }
    }
}
