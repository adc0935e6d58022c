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
        // The file of a run was resolved without them, and flags are not resolved at all.
        _ = try ResolvedOptions([SettingGroup(ImageTaskOptions())], settings: [JSONValue(encoding: options)])
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

extension ImageSet {
    /// The digest of all pixels, under the name of their folder.
    func digest(_ name: String) -> Provenance.FileDigest {
        Provenance.FileDigest(
            path: name + " (pixels)", bytes: pixels.count, sha256: Fingerprint.sha256(of: Data(pixels)))
    }
}

extension ImageTask {
    /// The digest of all pixels, under the name of their folder.
    func digest(of options: ImageTaskOptions) -> Provenance.FileDigest {
        images.digest(URL(filePath: options.data).lastPathComponent)
    }

    /// config.json of a design that can read these images.
    func configuration(of design: ClassifierDesign) throws -> JSONValue {
        guard min(images.width, images.height) >= 4 else {
            throw KitError.invalidOption(path: "images.size", problem: "networks need images of at least 4 pixels")
        }
        guard design.kind != .vit || images.width == images.height else {
            throw KitError.invalidOption(
                path: "design.kind", problem: "a vision transformer needs square images: give their size")
        }
        _ = try ResolvedOptions(
            [SettingGroup(ClassifierDesign())], settings: [JSONValue(encoding: design)], at: "design")
        return design.configuration(for: images)
    }

    /// That a model was made for images like these.
    func check(_ model: any Classifier, path: String) throws {
        let file = model.configuration["member"] ?? model.configuration
        let channels = file["num_channels"]?.int ?? images.channels
        guard channels == images.channels else {
            throw KitError.otherImages(
                path: path, problem: "it reads images of \(channels) channel(s), and these have \(images.channels)")
        }
        if let size = file["image_size"]?.int, (size, size) != (images.width, images.height) {
            throw KitError.otherImages(
                path: path,
                problem: "it reads \(size) × \(size) pixels, and these have \(images.width) × \(images.height)")
        }
        // A ConvNet halves the image between its stages, of which each must be left a pixel.
        let stages = file["model_type"]?.string == "convnet" ? file["hidden_sizes"]?.array?.count ?? 3 : 3
        let least = 1 << (stages - 1)
        guard min(images.width, images.height) >= least else {
            throw KitError.otherImages(
                path: path,
                problem: "it needs at least \(least) × \(least) pixels, and these have "
                    + "\(images.width) × \(images.height)")
        }
        let labels = file["id2label"]?.object ?? [:]
        let known = labels.isEmpty ? images.classNames : labels.keys.indices.map { labels[String($0)]?.string ?? "" }
        guard model.classCount == images.classNames.count, known == images.classNames else {
            throw KitError.otherImages(
                path: path,
                problem: "its classes are \(known.joined(separator: ", ")), and theirs are "
                    + images.classNames.joined(separator: ", "))
        }
    }
}
