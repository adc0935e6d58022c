// A folder of images → a set: labels from folders, from a table, from file names, or from IDX files.

public import Foundation
public import UnlearnFormats

/// How images are read and labelled.
public struct ImageOptions: Configurable {
    @Setting("Width and height in pixels; 0 keeps the size of the first image.", .within(0...1024)) public var size = 0
    @Setting("How a file's name says its label, such as {label}_*. Empty: by folders, or by a table labels.csv.")
    public var labelPattern = ""
    @Setting(
        "Labels are numbers and fall into this many classes of equal width; 0: each label is a class.",
        .within(0...1000))
    public var labelBins = 0
    @Setting("Names of the classes of IDX files, which hold numbers only, separated by commas. Empty: the numbers.")
    public var classNames = ""

    public init() {}
}

/// Reads sets of labelled images. The first image that is broken is named.
public struct ImageReader: Sendable {
    public let options: ImageOptions
    /// The most memory that the pixels of a set may take.
    let mostBytes: Int

    public init(_ options: ImageOptions = ImageOptions()) {
        self.init(options, mostBytes: Int(clamping: ProcessInfo.processInfo.physicalMemory / 2))
    }

    init(_ options: ImageOptions, mostBytes: Int) { (self.options, self.mostBytes) = (options, mostBytes) }

    /// All images below `folder`, in the order of their names.
    /// - Parameter prefix: of IDX files, which pair is meant: `train` or `t10k`.
    public func read(_ folder: URL, prefix: String = "train") throws(DataError) -> ImageSet {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw .file(.missing(path: folder.path, expected: "a folder of images"))
        }
        for ending in ["", ".gz"] {
            let images = folder.appending(path: "\(prefix)-images-idx3-ubyte\(ending)")
            let labels = folder.appending(path: "\(prefix)-labels-idx1-ubyte\(ending)")
            if FileManager.default.fileExists(atPath: images.path) { return try readIDX(images, labels) }
        }
        let (listed, notices) = try labelledFiles(folder)
        let distinct = try DistinctFiles(listed, below: folder)
        let (labels, classNames) = try classes(distinct.files)
        let paths = distinct.files.map { folder.path + "/" + $0.name }
        var images = try decode(paths, distinct.files.map(\.name), labels, classNames)
        images.otherNames = distinct.otherNames
        images.notices = notices + distinct.notices
        return images
    }

    // MARK: - Labels

    private func labelledFiles(_ folder: URL) throws(DataError) -> (files: [LabelledFile], notices: [ImageNotice]) {
        let table = folder.appending(path: "labels.csv")
        if options.labelPattern.isEmpty, FileManager.default.fileExists(atPath: table.path) {
            let files = try LabelTable.read(table)
            return (files, Self.unlisted(files, below: folder, table).map { [$0] } ?? [])
        }
        let search = try ImageSearch(folder)
        try search.checkKinds()
        guard !search.names.isEmpty else { throw .noImages(path: folder.path) }
        let pattern = options.labelPattern.isEmpty ? "{label}/*" : options.labelPattern
        var files: [LabelledFile] = []
        for name in search.names {
            let text =
                pattern.contains("/")
                ? name : String(name[(name.lastIndex(of: "/").map(name.index(after:)) ?? name.startIndex)...])
            guard let label = Self.label(of: text, pattern) else {
                throw .noLabel(path: folder.appending(path: name).path, pattern: pattern)
            }
            files.append(LabelledFile(name: name, label: label))
        }
        return (files, search.notices)
    }

    /// Notes pictures that a table does not list; nil if there are none.
    private static func unlisted(_ files: [LabelledFile], below folder: URL, _ table: URL) -> ImageNotice? {
        // What cannot be looked into is not missed: the table alone says what is read.
        guard let search = try? ImageSearch(folder) else { return nil }
        let listed = Set(files.compactMap { FileIdentity(folder.path + "/" + $0.name) })
        let others = (search.names + search.unread).filter { name in
            FileIdentity(folder.path + "/" + name).map { !listed.contains($0) } ?? false
        }
        return others.min().map { .notListed(count: others.count, name: $0, path: table.path) }
    }

    /// What stands in place of `{label}`: up to the text that follows it in the pattern. `*` stands for any text.
    static func label(of name: String, _ pattern: String) -> String? {
        guard let place = pattern.firstRange(of: "{label}") else { return nil }
        var rest = name[...]
        for piece in pattern[..<place.lowerBound].split(separator: "*", omittingEmptySubsequences: false).enumerated() {
            if piece.offset == 0 {
                guard rest.hasPrefix(piece.element) else { return nil }
                rest = rest.dropFirst(piece.element.count)
            } else {
                guard
                    let range = piece.element.isEmpty
                        ? rest.startIndex..<rest.startIndex : rest.firstRange(of: piece.element)
                else { return nil }
                rest = rest[range.upperBound...]
            }
        }
        let following = pattern[place.upperBound...].prefix { $0 != "*" }
        if following.isEmpty { return rest.isEmpty ? nil : String(rest) }
        guard let end = rest.firstRange(of: following), end.lowerBound > rest.startIndex else { return nil }
        return String(rest[..<end.lowerBound])
    }

    /// The class of each file: equal bins of numbers, or each label in the order of names (of numbers, by size).
    private func classes(_ files: [LabelledFile]) throws(DataError) -> (labels: [Int], names: [String]) {
        guard options.labelBins > 0 else {
            let names = Set(files.map(\.label)).sorted { ($0.count, $0) < ($1.count, $1) }
            let areNumbers = names.allSatisfy { Int($0) != nil }
            let ordered = areNumbers ? names : names.sorted()
            let places = Dictionary(ordered.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
            return (files.map { places[$0.label] ?? 0 }, ordered)
        }
        var numbers: [Double] = []
        for file in files {
            // Larger ones have no neighbours among whole numbers, and the names of bins are whole numbers.
            guard let number = Double(file.label), abs(number) <= 1e15 else {
                throw .noLabel(path: file.name, pattern: "a number in place of \(file.label)")
            }
            numbers.append(number)
        }
        let (least, most) = (numbers.min() ?? 0, numbers.max() ?? 0)
        let width = max((most - least) / Double(options.labelBins), .leastNonzeroMagnitude)
        let labels = numbers.map { min(options.labelBins - 1, Int(($0 - least) / width)) }
        let names = (0..<options.labelBins).map { bin in
            "\(Int(least + width * Double(bin)))–\(Int(least + width * Double(bin + 1)))"
        }
        return (labels, names)
    }

    // MARK: - Pixels

    /// Decodes on all threads.
    private func decode(
        _ paths: [String], _ names: [String], _ labels: [Int], _ classNames: [String]
    ) throws(DataError) -> ImageSet {
        guard let firstPath = paths.first else { throw .noImages(path: "") }
        let first = try ImageDecoder().decode(URL(filePath: firstPath))
        let (width, height) = options.size > 0 ? (options.size, options.size) : (first.width, first.height)
        let size = width * height * 3
        guard size <= mostBytes / paths.count else {
            throw .tooLarge(count: paths.count, width: width, height: height, bytes: mostBytes)
        }
        // A decoder keeps what images of one size share, so each has some of them.
        let piece = 64
        var pixels = [UInt8](repeating: 0, count: paths.count * size)
        var failures = [DataError?](repeating: nil, count: paths.count)
        pixels.withUnsafeMutableBufferPointer { pixels in
            failures.withUnsafeMutableBufferPointer { failures in
                // Each piece writes images of its own.
                nonisolated(unsafe) let (pixels, failures) = (pixels, failures)
                Parallel.forEach((paths.count + piece - 1) / piece) { first in
                    let decoder = ImageDecoder()
                    for index in first * piece..<min((first + 1) * piece, paths.count) {
                        do throws(DataError) {
                            let image = try decoder.decode(path: paths[index], width: width, height: height)
                            _ = UnsafeMutableBufferPointer(rebasing: pixels[index * size..<(index + 1) * size])
                                .update(fromContentsOf: image.pixels)
                        } catch { failures[index] = error }
                    }
                }
            }
        }
        if let failure = failures.lazy.compactMap(\.self).first { throw failure }
        return ImageSet(
            width: width, height: height, channels: 3, pixels: pixels, labels: labels, names: names,
            classNames: classNames)
    }

    /// Grey images of one size, brought to squares.
    private func resized(_ pixels: [UInt8], _ width: Int, _ height: Int, to side: Int) -> [UInt8] {
        let resizer = ImageResizer(from: (width, height), to: (side, side))
        return stride(from: 0, to: pixels.count, by: width * height).flatMap { start in
            let image = Array(pixels[start..<start + width * height])
            return resizer(Image(width: width, height: height, channels: 1, pixels: image)).pixels
        }
    }

    private func readIDX(_ imagesURL: URL, _ labelsURL: URL) throws(DataError) -> ImageSet {
        let (images, labels) = (try IDXFile(imagesURL), try IDXFile(labelsURL))
        guard images.shape.count == 3 else {
            throw .idx(path: imagesURL.path, problem: "it has \(images.shape.count) dimensions, and images have three")
        }
        guard labels.shape == [images.shape[0]] else {
            throw .idx(path: labelsURL.path, problem: "it has \(labels.shape) labels for \(images.shape[0]) images")
        }
        let classCount = Int(labels.bytes.max() ?? 0) + 1
        let names = options.classNames.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        guard names.isEmpty || names.count >= classCount else {
            throw .idx(
                path: labelsURL.path, problem: "it has \(classCount) classes, and \(names.count) names are given")
        }
        let (width, height) = (images.shape[2], images.shape[1])
        let side = options.size > 0 ? options.size : nil
        if let side, side * side > mostBytes / images.shape[0] {
            throw .tooLarge(count: images.shape[0], width: side, height: side, bytes: mostBytes)
        }
        return ImageSet(
            width: side ?? width, height: side ?? height, channels: 1,
            pixels: side.map { resized(images.bytes, width, height, to: $0) } ?? images.bytes,
            labels: labels.bytes.map(Int.init), names: labels.bytes.indices.map(String.init),
            classNames: names.isEmpty ? (0..<classCount).map(String.init) : names)
    }
}

/// Labelled files without repetitions.
private struct DistinctFiles {
    private(set) var files: [LabelledFile] = []
    /// The other names that files have, with their places in `files`.
    private(set) var otherNames: [String: Int] = [:]
    private(set) var notices: [ImageNotice] = []

    /// - Throws: `DataError.twoLabels` if a file is listed with two labels.
    init(_ listed: [LabelledFile], below folder: URL) throws(DataError) {
        var places: [FileIdentity: Int] = [:]
        var repeated: [(name: String, original: String)] = []
        for file in listed {
            // What isn't there is said when it is decoded.
            let identity = FileIdentity(folder.path + "/" + file.name)
            if let identity, let place = places[identity] {
                let first = files[place]
                guard first.label == file.label else {
                    throw .twoLabels(path: folder.path, first: first.claim, second: file.claim)
                }
                otherNames[file.name] = place
                repeated.append((file.name, first.name))
            } else {
                if let identity { places[identity] = files.count }
                files.append(file)
            }
        }
        if let first = repeated.first {
            notices.append(.sameFile(count: repeated.count, name: first.name, original: first.original))
        }
    }
}
