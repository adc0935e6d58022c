// The configuration of an Inception-v3 as timm spells it.

internal import UnlearnEngine
internal import UnlearnFormats

extension InceptionV3 {
    public static let architecture = ClassifierArchitecture(
        name: "inception_v3", modelTypes: ["inception_v3"],
        summary: "Inception-v3 of timm: --features, through which redrawn pictures are compared",
        check: { (file) throws(ModelError) in _ = try InceptionV3Configuration(file) },
        build: { (file, weights) throws(ModelError) in
            let configuration = try InceptionV3Configuration(file)
            return try ModelError.building { () throws(CheckpointError) in try InceptionV3(configuration, weights) }
        })
}

extension InceptionV3Configuration {
    public init(_ file: ConfigurationFile) throws(ModelError) {
        let training = try file.object("pretrained_cfg")
        func colours(_ key: String) throws(ModelError) -> [Double] {
            guard training.holds(key) else { return [0.5, 0.5, 0.5] }
            guard let values = training.json[key]?.array?.compactMap(\.double), values.count == 3,
                values.allSatisfy({ $0 > 0 && $0 <= 1 })
            else { throw .key("pretrained_cfg.\(key)", path: file.path, expected: "a list of three numbers up to 1") }
            return values
        }
        var side = 299
        if training.holds("input_size") {
            guard let size = training.json["input_size"]?.array?.compactMap(\.int), size.count == 3, size[0] == 3,
                size[1] == size[2], (75...4096).contains(size[1])
            else {
                throw .key(
                    "pretrained_cfg.input_size", path: file.path,
                    expected: "three channels and twice the same number of pixels, 75 to 4096")
            }
            side = size[1]
        }
        let divisor = try file.count("width_divisor", default: 1)
        guard 16 % divisor == 0 else {
            throw .key("width_divisor", path: file.path, expected: "1, 2, 4, 8 or 16")
        }
        // timm names no classes.
        let names: [String] =
            file.holds("id2label")
            ? try file.classNames() : (0..<min(try file.count("num_classes", default: 1000), 65_536)).map(String.init)
        self.init(
            classNames: names, imageSize: side, mean: try colours("mean"), deviation: try colours("std"),
            widthDivisor: divisor)
    }

    /// config.json; `model_type`, `id2label` and `width_divisor` are this project's additions.
    var json: JSONValue {
        [
            "architecture": "inception_v3", "model_type": "inception_v3", "num_classes": .int(classNames.count),
            "num_features": .int(2048 / widthDivisor), "global_pool": "avg", "num_channels": 3,
            "pretrained_cfg": [
                "input_size": [3, .int(imageSize), .int(imageSize)], "interpolation": "bilinear",
                "mean": .array(mean.map { .double($0) }), "std": .array(deviation.map { .double($0) }),
            ],
            "width_divisor": .int(widthDivisor), "id2label": .labels(classNames), "dtype": "float32",
        ]
    }
}
