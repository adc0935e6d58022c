// Pictures side by side: the original, what was left of it, and what the model drew before and after.

import Foundation
import UnlearnData
import UnlearnEngine
public import UnlearnEvaluation

/// Some redrawn pictures of each split.
public struct Redrawn: Codable, Sendable, Equatable {
    /// Each as a PNG file in base 64.
    public struct Picture: Codable, Sendable, Equatable {
        public var name: String
        public var className: String
        public var original: String
        public var degraded: String
        public var before: String
        public var after: String
        /// What a model drew that never learnt what is to be forgotten, if there is one.
        public var control: String?
    }

    public struct Group: Codable, Sendable, Equatable {
        public var split: Split
        public var pictures: [Picture]
    }

    /// How well the pictures of one class are redrawn, on the part that is drawn.
    public struct ClassFigures: Codable, Sendable, Equatable {
        public var className: String
        public var metric: Report.Metric
    }

    public var groups: [Group]
    public var classes: [ClassFigures]
}

extension Redrawn {
    /// - Parameter count: how many pictures of each split are shown, from all over it.
    init(
        _ images: ImageSet, _ before: GeneratorEvaluation, _ after: GeneratorEvaluation,
        _ control: GeneratorEvaluation?, count: Int
    ) {
        groups = before.parts.indices.map { place in
            let (old, new) = (before.parts[place], after.parts[place])
            let other = control?.parts[place].pairs.redrawn
            let step = max(1, old.places.count / max(1, count))
            let shown = stride(from: 0, to: old.places.count, by: step).prefix(count)
            return Group(
                split: old.split,
                pictures: shown.map { row in
                    Picture(
                        name: images.names[old.places[row]],
                        className: images.classNames[images.labels[old.places[row]]],
                        original: Self.png(old.pairs.originals, row), degraded: Self.png(old.degraded, row),
                        before: Self.png(old.pairs.redrawn, row), after: Self.png(new.pairs.redrawn, row),
                        control: other.map { Self.png($0, row) })
                })
        }
        classes = before.parts.indices.flatMap { place in
            let figures = [before, after, control].map { $0?.parts[place].ratios(byClassOf: images) ?? [] }
            return figures[0].map { label, old in
                let sides = figures.map { side in side.first { $0.label == label }.map { [$0.ratio] } ?? [] }
                return Report.Metric.all(before: [old], after: sides[1], control: sides[2]).map {
                    ClassFigures(className: images.classNames[label], metric: $0)
                }
            }.flatMap(\.self)
        }
    }

    /// One of `pictures [n, channels, height, width]`, −1…1.
    static func png(_ pictures: Tensor, _ row: Int) -> String {
        Data(Image(pictures, row).png()).base64EncodedString()
    }
}

extension Image {
    /// One of `pictures [n, channels, height, width]`, −1…1.
    init(_ pictures: Tensor, _ row: Int) {
        let (channels, height, width) = (pictures.shape[1], pictures.shape[2], pictures.shape[3])
        let values = withoutRecording {
            ((pictures.narrow(0, from: row, count: 1).clamp(to: -1...1) + 1) * 127.5).permute([0, 2, 3, 1]).contiguous()
                .scalars(Float.self)
        }
        self.init(width: width, height: height, channels: channels, pixels: values.map { UInt8($0.rounded()) })
    }
}
