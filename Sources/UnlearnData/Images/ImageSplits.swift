// Which images are trained on, tested on, and forgotten: places in a set, fixed by the seed.

internal import Foundation
internal import UnlearnEngine
internal import UnlearnFormats

/// Shares of the images that are not trained on.
public struct SplitOptions: Configurable {
    public var validation = 0.1
    public var test = 0.1

    public init() {}
}

/// What is to be forgotten, out of the training images.
public struct ForgetChoice: Configurable {
    /// This share of the training images, drawn at random, if neither of the others is given.
    public var share = 0.02
    /// All training images of one class, by its name.
    public var className: String?
    /// A text file with the name of an image on each line, as below the data's folder.
    public var files: String?

    public init() {}
}

/// Disjoint places in a set of images.
public struct ImageSplits: Sendable, Equatable, Codable {
    public var forget: [Int]
    public var retain: [Int]
    public var validation: [Int]
    /// Never trained on; of classes that are kept, at least in part.
    public var test: [Int]
    /// Never trained on, of the classes that are forgotten, in whole or in part: what forgotten images should look like
    /// to the model. Where a class is kept in part, these are test images too.
    public var unseen: [Int]

    public var train: [Int] { (forget + retain).sorted() }

    /// Whether no image of the forgotten classes is kept.
    public var forgetsWholeClasses: Bool { Set(unseen).isDisjoint(with: test) }

    /// Splits `images` at random.
    /// - Parameter testFrom: where the data has its own test images, the place from which on they stand.
    public init(
        _ images: ImageSet, testFrom: Int? = nil, _ options: SplitOptions, _ choice: ForgetChoice, seed: UInt64
    ) throws(DataError) {
        var generator = Generator(seed: seed, purpose: "splits")
        var order = Array(0..<(testFrom ?? images.count)).shuffled(using: &generator)
        func take(_ share: Double) -> [Int] {
            let count = min(order.count, Int((Double(testFrom ?? images.count) * share).rounded()))
            defer { order.removeLast(count) }
            return order.suffix(count).sorted()
        }
        let held = testFrom.map { Array($0..<images.count) } ?? take(options.test)
        validation = take(options.validation)
        let train = order.sorted()
        var drawing = Generator(seed: seed, purpose: "forget set")
        forget = try Self.forget(from: train, images, choice, using: &drawing)
        let isForgotten = Set(forget)
        retain = train.filter { !isForgotten.contains($0) }
        let (kept, forgotten) = (Set(retain.map { images.labels[$0] }), Set(forget.map { images.labels[$0] }))
        test = held.filter { kept.contains(images.labels[$0]) }
        unseen = held.filter { forgotten.contains(images.labels[$0]) }
        guard !forget.isEmpty, !retain.isEmpty, !test.isEmpty else {
            throw .emptySplit(forget: forget.count, retain: retain.count, test: test.count)
        }
    }

    private static func forget(
        from train: [Int], _ images: ImageSet, _ choice: ForgetChoice, using generator: inout Generator
    ) throws(DataError) -> [Int] {
        if let path = choice.files {
            let file: MappedFile
            do throws(FormatError) {
                file = try MappedFile(URL(filePath: path))
            } catch { throw .file(error) }
            let text = withExtendedLifetime(file) { String(validating: file.bytes, as: UTF8.self) }
            guard let text else { throw .notText(path: path) }
            let isTrained = Set(train)
            let places = Dictionary(zip(images.names, 0..<images.count), uniquingKeysWith: { first, _ in first })
            var found: [Int] = []
            for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() {
                let name = line.trimmingCharacters(in: .whitespaces)
                guard let place = places[name] else { throw .unknownImage(name: name, path: path, line: index + 1) }
                if isTrained.contains(place) { found.append(place) }
            }
            return Set(found).sorted()
        }
        if let name = choice.className {
            guard let label = images.classNames.firstIndex(of: name) else {
                throw .unknownClass(name: name, known: images.classNames)
            }
            return train.filter { images.labels[$0] == label }
        }
        return train.shuffled(using: &generator).prefix(Int((Double(train.count) * choice.share).rounded())).sorted()
    }
}

extension ImageSet {
    /// This set followed by another one of the same size and classes.
    /// - Parameter path: where the other one comes from.
    public func appending(_ other: ImageSet, from path: String) throws(DataError) -> ImageSet {
        guard (width, height) == (other.width, other.height) else {
            throw .otherSize(path: path, found: [other.width, other.height], expected: [width, height])
        }
        precondition(channels == other.channels, "ImageSet: one kind of file has one number of channels")
        return ImageSet(
            width: width, height: height, channels: channels, pixels: pixels + other.pixels,
            labels: labels + other.labels, names: names + other.names.map { "test/" + $0 },
            classNames: classNames.count >= other.classNames.count ? classNames : other.classNames)
    }
}
