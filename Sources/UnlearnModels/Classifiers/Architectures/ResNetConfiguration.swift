// The configuration of ResNets as Hugging Face's ResNetForImageClassification spells it.

internal import UnlearnEngine
internal import UnlearnFormats

extension ResNet {
    public static let architecture = ClassifierArchitecture(
        name: "resnet", modelTypes: ["resnet"], summary: "ResNet-18, 34 and 50, with torchvision's parameter names",
        check: { (file) throws(ModelError) in _ = try ResNetConfiguration(file) },
        build: { (file, weights) throws(ModelError) in
            let configuration = try ResNetConfiguration(file)
            return try ModelError.building { () throws(CheckpointError) in try ResNet(configuration, weights) }
        })
}

extension ResNetConfiguration {
    /// A standard depth: 18, 34 or 50 layers; `width` 64 is the usual one.
    public static func standard(
        layers: Int, width: Int = 64, channelCount: Int = 3, classNames: [String], stemIsSmall: Bool
    ) -> ResNetConfiguration? {
        let depths = [18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3]][layers]
        guard let depths else { return nil }
        let block = layers >= 50 ? Block.bottleneck : .basic
        let factor = block == .bottleneck ? 4 : 1
        return ResNetConfiguration(
            channelCount: channelCount, classNames: classNames, block: block, stemWidth: width,
            stageWidths: [1, 2, 4, 8].map { $0 * width * factor }, depths: depths, stemIsSmall: stemIsSmall)
    }

    public init(_ file: ConfigurationFile) throws(ModelError) {
        func counts(_ key: String) throws(ModelError) -> [Int] {
            guard let values = file.json[key]?.array?.map(\.int), values.count == 4,
                values.allSatisfy({ $0.map { (1...65_536).contains($0) } ?? false })
            else { throw .key(key, path: file.path, expected: "a list of four positive whole numbers") }
            return values.compactMap { $0 }
        }
        let name = file.json["layer_type"]?.string ?? Block.bottleneck.rawValue
        guard let block = Block(rawValue: name) else {
            throw .unsupported("layer_type '\(name)'", path: file.path, advice: "Use 'basic' or 'bottleneck'.")
        }
        for key in ["downsample_in_first_stage", "downsample_in_bottleneck"]
        where try file.flag(key, default: false) {
            throw .unsupported("\(key) true", path: file.path, advice: "torchvision's layout has it false.")
        }
        self.init(
            channelCount: try file.count("num_channels", default: 3),
            classNames: try file.classNames(),
            block: block,
            stemWidth: try file.count("embedding_size", default: 64),
            stageWidths: try counts("hidden_sizes"),
            depths: try counts("depths"),
            stemIsSmall: try file.flag("small_image_stem", default: false))
        if block == .bottleneck, let width = stageWidths.first(where: { $0 % 4 != 0 }) {
            throw .unsupported("a bottleneck of width \(width)", path: file.path, advice: "Use a multiple of 4.")
        }
    }

    /// config.json; `small_image_stem` is this project's addition.
    var json: JSONValue {
        [
            "architectures": ["ResNetForImageClassification"], "model_type": "resnet",
            "num_channels": .int(channelCount), "embedding_size": .int(stemWidth),
            "hidden_sizes": .array(stageWidths.map { .int($0) }), "depths": .array(depths.map { .int($0) }),
            "layer_type": .string(block.rawValue), "hidden_act": "relu", "downsample_in_first_stage": false,
            "downsample_in_bottleneck": false, "small_image_stem": .bool(stemIsSmall),
            "id2label": .labels(classNames), "dtype": "float32",
        ]
    }
}

extension ConfigurationFile {
    /// The names of the classes, in order, from `id2label`.
    func classNames() throws(ModelError) -> [String] {
        guard let members = json["id2label"]?.object, members.count > 1 else {
            throw .key("id2label", path: path, expected: "an object with a name for each class")
        }
        var names: [String] = []
        for index in 0..<members.count {
            guard let name = members[String(index)]?.string else {
                throw .key("id2label", path: path, expected: "an object with the keys 0 to \(members.count - 1)")
            }
            names.append(name)
        }
        return names
    }
}

extension JSONValue {
    /// `{"0": first, "1": second, …}`.
    static func labels(_ names: [String]) -> JSONValue {
        .object(JSONObject(names.enumerated().map { (String($0.offset), .string($0.element)) }))
    }
}
