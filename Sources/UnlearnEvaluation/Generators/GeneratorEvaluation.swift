// What one model draws of the pictures to forget, of those to keep, and of some that it never saw.

public import UnlearnData
public import UnlearnEngine
public import UnlearnFormats
public import UnlearnModels

/// How a model that redraws pictures is looked at.
public struct GeneratorEvaluationOptions: Configurable {
    @Setting("Pictures of each split that are redrawn, drawn at random.", .within(1...1_000_000)) public var pictures =
        2000
    @Setting("How many of them the report shows.", .within(0...1000)) public var shown = 12
    @Setting("The source of the random numbers of the draw and of diffusion models.") public var seed: UInt64 = 0

    public init() {}
}

/// The pictures that one model drew, and their figures.
public struct GeneratorEvaluation {
    /// One split's pictures.
    public struct Part {
        public let split: Split
        /// Places in the set of images.
        public let places: [Int]
        public let degraded: Tensor
        public let pairs: PicturePairs

        /// The mean signal-to-noise ratio of what was drawn, for each class that the split has, in the classes' order.
        public func ratios(byClassOf images: ImageSet) -> [(label: Int, ratio: Measurement)] {
            let values = ImageQuality.peakSignalToNoise(of: pairs, on: .filled)
            let rows = Dictionary(grouping: places.indices) { images.labels[places[$0]] }
            var generator = Generator(seed: 0, purpose: "classes")
            return rows.keys.sorted().compactMap { label in
                let examples = (rows[label] ?? []).map { ExampleValue(id: pairs.names[$0], value: values[$0]) }
                return Outcome.mean(
                    name: MetricName.psnr, split: split,
                    direction: split == .forget ? .lowerIsBetter : .unchangedIsBetter, unit: "decibels",
                    perExample: examples, using: &generator
                ).measurement.map { (label, $0) }
            }
        }
    }

    public let parts: [Part]
    public let outcomes: [Outcome]

    /// Redraws pictures of every split.
    /// - Parameters:
    ///   - network: through which pictures are compared; nil: by pixels alone.
    ///   - blind: what a model draws that looks at nothing: the mean of pictures to keep, `[1, channels, height, width]`.
    public init(
        of model: any ImageToImageModel, on images: ImageSet, _ splits: ImageSplits, _ degradation: Degradation,
        network: FeatureNetwork?, blind: Tensor, _ options: GeneratorEvaluationOptions,
        progress: (Int, Int) -> Void = { _, _ in }
    ) {
        let sets = [(Split.forget, splits.forget), (.retain, splits.retain), (.unseen, splits.unseen)]
        let chosen = sets.filter { !$0.1.isEmpty }.map { split, places -> (Split, [Int]) in
            var generator = Generator(seed: options.seed, purpose: "pictures of \(split.rawValue)")
            return (split, places.shuffled(using: &generator).prefix(options.pictures).sorted())
        }
        let total = chosen.reduce(0) { $0 + $1.1.count }
        var done = 0
        parts = chosen.map { split, places in
            var generator = Generator(seed: options.seed, purpose: "redrawing \(split.rawValue)")
            var rows: (originals: [Tensor], degraded: [Tensor], masks: [Tensor], redrawn: [Tensor]) = ([], [], [], [])
            for start in stride(from: 0, to: places.count, by: 128) {
                let inputs = images.batch(Array(places[start..<min(start + 128, places.count)])).inputs
                let degraded = degradation(inputs, using: &generator)
                rows.originals.append(inputs)
                rows.degraded.append(degraded.images)
                // Of a mask that is one for all, each picture has its own.
                rows.masks.append(withoutRecording { degraded.mask + 0 })
                rows.redrawn.append(model.redraw(degraded, using: &generator))
                done += inputs.shape[0]
                progress(done, total)
            }
            let pairs = PicturePairs(
                originals: .concatenate(rows.originals), redrawn: .concatenate(rows.redrawn),
                mask: .concatenate(rows.masks), names: places.map { images.names[$0] })
            return Part(split: split, places: places, degraded: .concatenate(rows.degraded), pairs: pairs)
        }
        var generator = Generator(seed: 0)
        let figures = parts.flatMap { part in
            Region.allCases.flatMap {
                PictureFigures(part.pairs, split: part.split, network: network).outcomes(on: $0, using: &generator)
            }
        }
        outcomes =
            figures + [Self.membershipAttack(figures)]
            + parts.filter { $0.split != .unseen }.flatMap { part in
                Self.blindFigures(part, network, blind, &generator)
            }
    }

    /// What a fill that looks at nothing reaches on the part that is drawn: the floor of forgetting.
    private static func blindFigures(
        _ part: Part, _ network: FeatureNetwork?, _ blind: Tensor, _ generator: inout Generator
    ) -> [Outcome] {
        let pairs = withoutRecording {
            PicturePairs(
                originals: part.pairs.originals,
                redrawn: part.pairs.originals * (part.pairs.mask * -1 + 1) + blind * part.pairs.mask,
                mask: part.pairs.mask, names: part.pairs.names)
        }
        return PictureFigures(pairs, split: part.split, network: network).outcomes(on: .filled, using: &generator)
            .compactMap(\.measurement).filter { [MetricName.psnr, MetricName.fid].contains($0.name) }.map {
                .measured(
                    Measurement(
                        name: $0.name + "-blind", split: $0.split, direction: .unchangedIsBetter, unit: $0.unit,
                        value: $0.value, interval: $0.interval, n: $0.n))
            }
    }
}
