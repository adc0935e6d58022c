// The configuration of VQ-GANs: the numbers of taming-transformers' YAML files, as JSON.

internal import UnlearnEngine
internal import UnlearnFormats

extension VQGAN {
    public static let architecture = GeneratorArchitecture(
        name: "vqgan", modelTypes: ["vqgan"], summary: "VQ-GANs, with taming-transformers' parameter names",
        read: { (file) throws(ModelError) in try VQGANConfiguration(file) },
        make: { (numbers, weights) throws(CheckpointError) in try VQGAN(numbers, weights) })
}

extension VQGANConfiguration {
    public init(_ file: ConfigurationFile) throws(ModelError) {
        let network = try file.object("ddconfig")
        func list(_ key: String, _ range: ClosedRange<Int>) throws(ModelError) -> [Int] {
            let numbers = network.json[key]?.array?.map(\.int) ?? []
            let values = numbers.compactMap { $0 }.filter { (1...65_536).contains($0) }
            guard values.count == numbers.count, range.contains(values.count), network.json[key]?.array != nil else {
                throw .key(
                    "ddconfig.\(key)", path: file.path,
                    expected: "a list of \(range.lowerBound) to \(range.upperBound) positive whole numbers")
            }
            return values
        }
        if try network.flag("double_z", default: false) {
            throw .unsupported(
                "ddconfig.double_z true", path: file.path, advice: "It belongs to models without a codebook.")
        }
        self.init(
            inputChannels: try network.count("in_channels", default: 3),
            outputChannels: try network.count("out_ch", default: 3), resolution: try network.count("resolution"),
            width: try network.count("ch"), multipliers: try list("ch_mult", 1...8),
            blocksPerStage: try network.count("num_res_blocks"),
            attentionResolutions: try list("attn_resolutions", 0...8), latentChannels: try network.count("z_channels"),
            codeWidth: try file.count("embed_dim"), codeCount: try file.count("n_embed"),
            normGroups: try file.count("norm_num_groups", default: 32))
        guard resolution % scale == 0 else {
            throw .key(
                "ddconfig.resolution", path: file.path,
                expected: "a multiple of \(scale), by which \(multipliers.count) stages divide the size")
        }
        guard width % normGroups == 0 else {
            throw .key("norm_num_groups", path: file.path, expected: "a divisor of ddconfig.ch, which is \(width)")
        }
    }

    /// config.json; `norm_num_groups` is this project's addition.
    var json: JSONValue {
        func list(_ numbers: [Int]) -> JSONValue { .array(numbers.map { .int($0) }) }
        return [
            "architectures": ["VQModel"], "model_type": "vqgan", "embed_dim": .int(codeWidth),
            "n_embed": .int(codeCount),
            "norm_num_groups": .int(normGroups),
            "ddconfig": [
                "double_z": false, "z_channels": .int(latentChannels), "resolution": .int(resolution),
                "in_channels": .int(inputChannels), "out_ch": .int(outputChannels), "ch": .int(width),
                "ch_mult": list(multipliers), "num_res_blocks": .int(blocksPerStage),
                "attn_resolutions": list(attentionResolutions), "dropout": 0.0,
            ],
            "dtype": "float32",
        ]
    }
}
