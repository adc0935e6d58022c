// Sample images with what models took them for: what the report of a classifier shows.

import Foundation
import UnlearnData
public import UnlearnEvaluation

/// Images of each split with the guesses of several models, and where the images to forget went.
public struct Pictures: Codable, Sendable, Equatable {
    public struct Guess: Codable, Sendable, Equatable {
        public var model: String
        public var className: String
        public var probability: Double
        public var isRight: Bool
    }

    public struct Picture: Codable, Sendable, Equatable {
        public var name: String
        public var className: String
        /// A PNG file in base 64.
        public var png: String
        public var guesses: [Guess]
    }

    public struct Group: Codable, Sendable, Equatable {
        public var split: Split
        /// How many images of the group were looked at, and how many are taken for another class than before.
        public var count: Int
        public var changed: Int
        /// Some of them, those that changed first.
        public var pictures: [Picture]
    }

    /// The share of the images to forget that each model takes for a class.
    public struct Destination: Codable, Sendable, Equatable {
        public var className: String
        public var shares: [Double]
    }

    /// The models in the order of guesses and shares, the original first.
    public var models: [String]
    public var groups: [Group]
    public var destinations: [Destination]
}

/// One model's part in a report's pictures.
struct PicturedModel {
    let name: String
    let predictions: [Int: Prediction]
    /// How many images to forget each class was chosen for.
    let forgetChoices: [Double]

    init(_ name: String, _ predictions: [Prediction], forgetChoices: [Double]) {
        self.name = name
        self.predictions = Dictionary(predictions.map { ($0.place, $0) }, uniquingKeysWith: { first, _ in first })
        self.forgetChoices = forgetChoices
    }
}

extension Pictures {
    /// Pictures of each split that are shown.
    private static let shownPictures = 12
    /// A class that no model chose for so many of the images is not listed.
    private static let leastShare = 0.005

    /// - Parameters:
    ///   - models: the original first.
    ///   - changing: the place of the model whose changes are looked at.
    init(_ images: ImageSet, _ splits: ImageSplits, _ models: [PicturedModel], changing: Int) {
        self.models = models.map(\.name)
        groups = [(Split.forget, splits.forget), (.retain, splits.retain), (.test, splits.test)].map { split, places in
            let known = places.filter { place in models.allSatisfy { $0.predictions[place] != nil } }
            func choice(_ model: Int, _ place: Int) -> Int? { models[model].predictions[place]?.choice }
            let changed = known.filter { choice(changing, $0) != choice(0, $0) }
            let isChanged = Set(changed)
            // From all over the split, so that all classes are seen.
            let others = Self.spread(known.filter { !isChanged.contains($0) })
            let chosen = Self.spread(changed) + others
            return Group(
                split: split, count: known.count, changed: changed.count,
                pictures: chosen.prefix(Self.shownPictures).map { Picture($0, images, models) })
        }
        let totals = models.map { max(1, $0.forgetChoices.reduce(0, +)) }
        destinations = images.classNames.enumerated().map { index, name in
            Destination(className: name, shares: zip(models, totals).map { $0.forgetChoices[index] / $1 })
        }.filter { $0.shares.contains { $0 >= Self.leastShare } }
    }

    private static func spread(_ places: [Int]) -> [Int] {
        stride(from: 0, to: places.count, by: max(1, places.count / shownPictures)).map { places[$0] }
    }
}

extension Pictures.Picture {
    fileprivate init(_ place: Int, _ images: ImageSet, _ models: [PicturedModel]) {
        name = images.names[place]
        className = images.classNames[images.labels[place]]
        png = Data(images.image(place).png()).base64EncodedString()
        guesses = models.compactMap { model in
            model.predictions[place].map {
                Pictures.Guess(
                    model: model.name, className: images.classNames[$0.choice], probability: $0.confidence,
                    isRight: $0.choice == images.labels[place])
            }
        }
    }
}
