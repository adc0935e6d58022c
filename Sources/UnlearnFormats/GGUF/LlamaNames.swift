// The names of a Llama's tensors in GGUF, and in Hugging Face's spelling, which this program uses.

/// Names of the tensors of the Llama family, Mistral, Qwen2 and Qwen3 among them.
public enum LlamaNames {
    private static let parts = [
        "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
        "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj",
        "attn_q_norm": "self_attn.q_norm", "attn_k_norm": "self_attn.k_norm", "attn_output": "self_attn.o_proj",
        "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    ]

    private static let outer = [
        "token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight",
        "output.weight": "lm_head.weight",
    ]

    /// The Hugging Face name of a GGUF tensor, for example `model.layers.0.mlp.up_proj.weight` for
    /// `blk.0.ffn_up.weight`; nil for tensors that no Llama has.
    public static func huggingFace(gguf name: String) -> String? {
        if let name = outer[name] { return name }
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count == 4, words[0] == "blk", let layer = Int(words[1]), layer >= 0,
            let part = parts[String(words[2])], words[3] == "weight" || words[3] == "bias"
        else { return nil }
        return "model.layers.\(layer).\(part).\(words[3])"
    }

    private static let ggufParts = reversed(parts)
    private static let ggufOuter = reversed(outer)

    private static func reversed(_ names: [String: String]) -> [String: String] {
        Dictionary(uniqueKeysWithValues: names.map { ($1, $0) })
    }

    /// The reverse of ``huggingFace(gguf:)``.
    public static func gguf(huggingFace name: String) -> String? {
        if let name = ggufOuter[name] { return name }
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        guard words.count >= 5, words[0] == "model", words[1] == "layers", let layer = Int(words[2]), layer >= 0,
            let part = ggufParts[words[3..<words.count - 1].joined(separator: ".")], let last = words.last,
            last == "weight" || last == "bias"
        else { return nil }
        return "blk.\(layer).\(part).\(last)"
    }
}
