// Which images are trained on, tested on, and forgotten: places in a set, fixed by the seed.

internal import Foundation
internal import UnlearnEngine
public import UnlearnFormats

/// Shares of the images that are not trained on.
public struct SplitOptions: Configurable {
    @Setting("The share that decides nothing but options.", .within(0.0..<1)) public var validation = 0.1
    @Setting("The share that is only measured on.", .within(0.0..<1)) public var test = 0.1

    public init() {}
}

/// What is to be forgotten, out of the training images.
public struct ForgetChoice: Configurable {
    @Setting("This share of the training images, drawn at random, if neither of the others is given.", .within(0.0..<1))
    public var share = 0.02
    @Setting("All training images of a class, by its name, or of several, separated by commas.") public var className:
        String? = nil
    @Setting("A text file with the name of an image on each line, as below the data's folder.")
    public var files: String? = nil

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

    /// What the user is to know of what is forgotten and what is kept.
    public private(set) var notices: [ImageNotice] = []

    public var train: [Int] { (forget + retain).sorted() }

    /// Whether no image of the forgotten classes is kept.
    public var forgetsWholeClasses: Bool { Set(unseen).isDisjoint(with: test) }

    /// Splits `images` at random.
    /// - Parameter testFrom: where the data has its own test images, the place from which on they stand.
    /// - Parameter choice: nil: nothing is to be forgotten.
    public init(
        _ images: ImageSet, testFrom: Int? = nil, _ options: SplitOptions, _ choice: ForgetChoice?, seed: UInt64
    ) throws(DataError) {
        var generator = Generator(seed: seed, purpose: "splits")
        var order = Array(0..<(testFrom ?? images.count)).shuffled(using: &generator)
        func take(_ share: Double, atLeast least: Int = 0) -> [Int] {
            let rounded = Int((Double(testFrom ?? images.count) * share).rounded())
            let count = min(order.count, share > 0 ? max(least, rounded) : 0)
            defer { order.removeLast(count) }
            return order.suffix(count).sorted()
        }
        let held = testFrom.map { Array($0..<images.count) } ?? take(options.test, atLeast: 1)
        validation = take(options.validation)
        let train = order.sorted()
        var drawing = Generator(seed: seed, purpose: "forget set")
        let chosen = try choice?.places(in: images, training: train, using: &drawing) ?? []
        let isForgotten = Set(chosen)
        forget = train.filter(isForgotten.contains)
        retain = train.filter { !isForgotten.contains($0) }
        let (kept, forgotten) = (Set(retain.map { images.labels[$0] }), Set(forget.map { images.labels[$0] }))
        let gone = forgotten.subtracting(kept)
        test = held.filter { !gone.contains(images.labels[$0]) }
        unseen = held.filter { forgotten.contains(images.labels[$0]) }
        guard choice == nil || !forget.isEmpty, !retain.isEmpty, !test.isEmpty else {
            throw .emptySplit(forget: choice == nil ? nil : forget.count, retain: retain.count, test: test.count)
        }
        if let list = choice?.files, chosen.count > forget.count {
            notices.append(.notTrained(count: chosen.count - forget.count, listed: chosen.count, path: list))
        }
        // Of all that is chosen: a copy of what is tested on may be trained on. Some methods train on `validation` too.
        let others = (retain + validation).filter { !isForgotten.contains($0) }.sorted()
        if let copies = images.copies(of: chosen, among: others) { notices.append(copies) }
    }
}

extension ForgetChoice {
    /// The images that are chosen, in order, whether or not they are trained on.
    fileprivate func places(
        in images: ImageSet, training train: [Int], using generator: inout Generator
    ) throws(DataError) -> [Int] {
        if let files { return try Set(Self.listed(in: URL(filePath: files), images)).sorted() }
        if let className {
            let labels = try Self.labels(of: className, images)
            return images.labels.indices.filter { labels.contains(images.labels[$0]) }
        }
        let count = Int((Double(train.count) * share).rounded())
        return train.shuffled(using: &generator).prefix(count).sorted()
    }

    /// The class of that name, or those whose names stand there, separated by commas.
    private static func labels(of text: String, _ images: ImageSet) throws(DataError) -> Set<Int> {
        if let label = images.classNames.firstIndex(of: text) { return [label] }
        var labels: Set<Int> = []
        for part in text.split(separator: ",") {
            let name = part.trimmingCharacters(in: .whitespaces)
            guard let label = images.classNames.firstIndex(of: name) else {
                throw .unknownClass(name: name, known: images.classNames)
            }
            labels.insert(label)
        }
        return labels
    }

    /// The places of the images that a list names, one on each line.
    private static func listed(in file: URL, _ images: ImageSet) throws(DataError) -> [Int] {
        let places = Dictionary(zip(images.names, 0..<images.count), uniquingKeysWith: { first, _ in first })
        func place(_ name: String) -> Int? {
            let name = LabelledFile.shortest(name)
            return places[name] ?? images.otherNames[name]
        }
        var found: [Int] = []
        let text = try DataError.reading { () throws(FormatError) in try TextFile.read(file) }
        for (index, line) in text.lines.map(String.init).enumerated() {
            let name = line.trimmingCharacters(in: .whitespaces)
            if name.isEmpty { continue }
            // A name may begin or end with white space, which people put there by mistake more often.
            guard let place = place(line) ?? place(name) else {
                throw .unknownImage(name: name, path: file.path, line: index + 1)
            }
            found.append(place)
        }
        return found
    }
}

extension ImageSet {
    /// Notes images among `kept` with the pixels of one at `forgotten`; nil if there are none.
    public func copies(of forgotten: [Int], among kept: [Int]) -> ImageNotice? {
        let size = width * height * channels
        return pixels.withUnsafeBytes { pixels -> ImageNotice? in
            func image(_ place: Int) -> UnsafeRawBufferPointer {
                UnsafeRawBufferPointer(rebasing: pixels[place * size..<(place + 1) * size])
            }
            func hash(_ place: Int) -> Int {
                var hasher = Hasher()
                hasher.combine(bytes: image(place))
                return hasher.finalize()
            }
            // The hashes differ from run to run, but they only say which images to compare.
            let originals = Dictionary(grouping: forgotten, by: hash)
            func original(of place: Int) -> Int? {
                originals[hash(place)]?.first { image($0).elementsEqual(image(place)) }
            }
            let copies = originals.isEmpty ? [] : kept.filter { original(of: $0) != nil }
            guard let first = copies.first, let forgotten = original(of: first) else { return nil }
            return .keptCopies(count: copies.count, name: names[first], forgotten: names[forgotten])
        }
    }

    /// This set followed by another one of the same size and classes.
    /// - Parameters:
    ///   - path: where the other one comes from.
    ///   - folder: what its names begin with.
    public func appending(
        _ other: ImageSet, from path: String, under folder: String = "test"
    ) throws(DataError) -> ImageSet {
        guard (width, height) == (other.width, other.height) else {
            throw .otherSize(path: path, found: [other.width, other.height], expected: [width, height])
        }
        precondition(channels == other.channels, "ImageSet: one kind of file has one number of channels")
        var joined = ImageSet(
            width: width, height: height, channels: channels, pixels: pixels + other.pixels,
            labels: labels + other.labels, names: names + other.names.map { "\(folder)/\($0)" },
            classNames: classNames.count >= other.classNames.count ? classNames : other.classNames)
        joined.otherNames = otherNames
        joined.notices = notices + other.notices
        return joined
    }
}
