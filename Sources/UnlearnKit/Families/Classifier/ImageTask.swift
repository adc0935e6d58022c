// Images from a folder with their splits: what training and the benchmark of classifiers start from.

import Foundation
public import UnlearnData
import UnlearnFormats
import UnlearnModels

/// Which images are used, and which of them for what.
public struct ImageTaskOptions: Configurable {
    /// The folder of the images.
    public var data = ""
    public var images = ImageOptions()
    public var splits = SplitOptions()
    public var forget = ForgetChoice()
    /// Of the splits alone.
    public var splitSeed: UInt64 = 0

    public init() {}
}

/// Images in memory and their splits.
public struct ImageTask: Sendable {
    public let images: ImageSet
    public let splits: ImageSplits

    /// - Parameter onlyTrains: whether nothing is to be forgotten, whatever `options` say of it.
    /// - Parameter onNotice: takes what is left out or counted otherwise than the user may think.
    public init(
        _ options: ImageTaskOptions, onlyTrains: Bool = false,
        onNotice: (any CustomStringConvertible) -> Void = { _ in }
    ) throws {
        for (name, value) in [
            ("splits.validation", options.splits.validation), ("splits.test", options.splits.test),
            ("forget.share", options.forget.share),
        ] where !(0..<1).contains(value) {
            throw KitError.invalidOption(path: name, problem: "it must be from 0 to less than 1")
        }
        try Options.check([
            ("images.size", options.images.size, 0...1024), ("images.labelBins", options.images.labelBins, 0...1000),
        ])
        let folder = URL(filePath: options.data)
        var images = try ImageReader(options.images).read(folder)
        var testFrom: Int?
        // IDX files come with test images of their own.
        if ["t10k-images-idx3-ubyte.gz", "t10k-images-idx3-ubyte"].contains(where: {
            FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
        }) {
            testFrom = images.count
            let test = try ImageReader(options.images).read(folder, prefix: "t10k")
            images = try images.appending(test, from: folder.path)
        }
        splits = try ImageSplits(
            images, testFrom: testFrom, options.splits, onlyTrains ? nil : options.forget, seed: options.splitSeed)
        if images.classNames.count == 1 { throw DataError.oneClass(name: images.classNames[0], path: folder.path) }
        self.images = images
        (images.notices + splits.notices).forEach(onNotice)
    }
}

extension ImageTask {
    /// config.json of a design that can read these images.
    func configuration(of design: ClassifierDesign) throws -> JSONValue {
        guard min(images.width, images.height) >= 4 else {
            throw KitError.invalidOption(path: "images.size", problem: "networks need images of at least 4 pixels")
        }
        guard design.kind != .vit || images.width == images.height else {
            throw KitError.invalidOption(
                path: "design.kind", problem: "a vision transformer needs square images: give their size")
        }
        guard (0...4096).contains(design.width), (1...1024).contains(design.shards) else {
            throw KitError.invalidOption(
                path: "design", problem: "the width is from 0 to 4096, and shards from 1 to 1024")
        }
        return design.configuration(for: images)
    }
}
