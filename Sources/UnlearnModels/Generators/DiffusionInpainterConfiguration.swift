// The configuration of diffusion inpainters: diffusers' UNet2DModel and the numbers of its schedulers in one file.

internal import UnlearnEngine
internal import UnlearnFormats

extension DiffusionInpainter {
    public static let architecture = GeneratorArchitecture(
        name: "diffusion-inpainter", modelTypes: ["diffusion_inpainter"],
        summary: "diffusion models that redraw pictures, in the layout of diffusers' UNet2DModel",
        read: { (file) throws(ModelError) in try DiffusionInpainterConfiguration(file) },
        make: { (numbers, weights) throws(CheckpointError) in try DiffusionInpainter(numbers, weights) })
}

extension DiffusionInpainterConfiguration {
    private static let downNames = ["DownBlock2D", "AttnDownBlock2D"]
    private static let upNames = ["UpBlock2D", "AttnUpBlock2D"]

    public init(_ file: ConfigurationFile) throws(ModelError) {
        let widths = (file.json["block_out_channels"]?.array ?? []).map { $0.int ?? 0 }
        guard (1...8).contains(widths.count), widths.allSatisfy({ (1...65_536).contains($0) }) else {
            throw .key("block_out_channels", path: file.path, expected: "a list of one to eight positive whole numbers")
        }
        let hasAttention = try Self.attention(file, "down_block_types", Self.downNames, stages: widths.count)
        guard try Self.attention(file, "up_block_types", Self.upNames, stages: widths.count) == hasAttention.reversed()
        else {
            throw .unsupported(
                "up_block_types", path: file.path,
                advice: "Use the reverse of down_block_types, with the same attention.")
        }
        try Self.checkFixed(file)
        let blocksPerStage = try file.count("layers_per_block", default: 2)
        guard blocksPerStage <= 1024 else {
            throw .key("layers_per_block", path: file.path, expected: "a whole number from 1 to 1024")
        }
        let outputChannels = try file.count("out_channels")
        let channels = try file.count("in_channels")
        guard channels > outputChannels else {
            throw .key(
                "in_channels", path: file.path,
                expected:
                    "more than out_channels, which is \(outputChannels): the channels of degraded and noisy picture")
        }
        var shape = ImageShape(channels: channels - outputChannels, height: 1 << 8, width: 1 << 8)
        shape = try file.imageShape(channelsKey: "condition_channels", default: shape)
        self.init(
            inputShape: shape, outputChannels: outputChannels, widths: widths, hasAttention: hasAttention,
            blocksPerStage: blocksPerStage,
            headWidth: try file.count("attention_head_dim", default: 8),
            normGroups: try file.count("norm_num_groups", default: 32),
            normEpsilon: try file.number("norm_eps", default: 1e-5), schedule: try NoiseSchedule(file),
            redrawingSteps: try file.count("num_inference_steps", default: 50),
            sampler: try file.sampler())
        try check(file)
    }

    private func check(_ file: ConfigurationFile) throws(ModelError) {
        if let width = widths.first(where: { $0 % normGroups != 0 }) {
            throw .key(
                "norm_num_groups", path: file.path, expected: "a divisor of all widths, one of which is \(width)")
        }
        let last = widths[widths.count - 1]
        let attending = zip(widths, hasAttention).filter(\.1).map(\.0) + [last]
        if let width = attending.first(where: { $0 % headWidth != 0 }) {
            throw .key("attention_head_dim", path: file.path, expected: "a divisor of the width \(width)")
        }
        guard widths[0] % 2 == 0 else {
            throw .key("block_out_channels", path: file.path, expected: "a list that begins with an even number")
        }
        guard inputShape.height % scale == 0, inputShape.width % scale == 0 else {
            throw .key(
                "sample_size", path: file.path,
                expected: "a multiple of \(scale), by which \(widths.count) stages divide the size")
        }
        guard redrawingSteps <= schedule.stepCount else {
            throw .key("num_inference_steps", path: file.path, expected: "at most num_train_timesteps")
        }
    }

    private static func attention(
        _ file: ConfigurationFile, _ key: String, _ names: [String], stages: Int
    ) throws(ModelError) -> [Bool] {
        let values = (file.json[key]?.array ?? []).map { $0.string ?? "" }
        guard values.count == stages, values.allSatisfy(names.contains) else {
            throw .key(key, path: file.path, expected: "a list of \(stages) of '\(names[0])' and '\(names[1])'")
        }
        return values.map { $0 == names[1] }
    }

    /// That what has no choice here is as it is here.
    private static func checkFixed(_ file: ConfigurationFile) throws(ModelError) {
        for (key, only) in [
            ("act_fn", "silu"), ("time_embedding_type", "positional"), ("resnet_time_scale_shift", "default"),
            ("downsample_type", "conv"), ("upsample_type", "conv"), ("beta_schedule", "linear"),
        ] {
            if let value = try file.text(key), value != only {
                throw .unsupported("\(key) '\(value)'", path: file.path, advice: "Supported is '\(only)'.")
            }
        }
    }

    /// config.json; diffusers keeps what begins with `num_train_timesteps` in scheduler_config.json, and
    /// `condition_channels`, `sampler` and `num_inference_steps` are this project's additions.
    var json: JSONValue {
        func types(_ names: [String], _ flags: [Bool]) -> JSONValue {
            .array(flags.map { .string($0 ? names[1] : names[0]) })
        }
        return [
            "_class_name": "UNet2DModel", "model_type": "diffusion_inpainter",
            "in_channels": .int(inputShape.channels + outputChannels), "condition_channels": .int(inputShape.channels),
            "out_channels": .int(outputChannels), "sample_size": [.int(inputShape.height), .int(inputShape.width)],
            "block_out_channels": .array(widths.map { .int($0) }),
            "down_block_types": types(Self.downNames, hasAttention),
            "up_block_types": types(Self.upNames, hasAttention.reversed()), "layers_per_block": .int(blocksPerStage),
            "attention_head_dim": .int(headWidth), "norm_num_groups": .int(normGroups),
            "norm_eps": .double(normEpsilon),
            "act_fn": "silu", "num_train_timesteps": .int(schedule.stepCount),
            "beta_start": .double(schedule.variances.lowerBound), "beta_end": .double(schedule.variances.upperBound),
            "beta_schedule": "linear", "prediction_type": .string(schedule.prediction.rawValue),
            "sampler": .string(sampler.rawValue),
            "num_inference_steps": .int(redrawingSteps), "dtype": "float32",
        ]
    }
}

extension ConfigurationFile {
    fileprivate func sampler() throws(ModelError) -> Sampler {
        let name = try text("sampler") ?? Sampler.ddim.rawValue
        guard let sampler = Sampler(rawValue: name) else {
            throw .unsupported("sampler '\(name)'", path: path, advice: "Supported are 'ddim' and 'ddpm'.")
        }
        return sampler
    }
}

extension NoiseSchedule {
    fileprivate init(_ file: ConfigurationFile) throws(ModelError) {
        let (first, last) = (try file.number("beta_start", default: 1e-4), try file.number("beta_end", default: 0.02))
        guard first <= last, last < 1 else {
            throw .key("beta_end", path: file.path, expected: "a number from beta_start, which is \(first), to 1")
        }
        let count = try file.count("num_train_timesteps", default: 1000)
        guard (2...100_000).contains(count) else {
            throw .key("num_train_timesteps", path: file.path, expected: "a whole number from 2 to 100,000")
        }
        let name = try file.text("prediction_type") ?? Prediction.noise.rawValue
        guard let prediction = Prediction(rawValue: name) else {
            throw .unsupported(
                "prediction_type '\(name)'", path: file.path, advice: "Supported are 'epsilon' and 'v_prediction'.")
        }
        self.init(stepCount: count, variances: first...last, prediction: prediction)
    }
}
