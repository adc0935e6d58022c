// Sets of images from files: labels from four kinds of places, what is said of broken files, and batches.

import Foundation
import Testing
import UnlearnEngine

@testable import UnlearnData

@Suite struct ImageReaderTests {
    @Test func foldersAreClasses() throws {
        let folder = try ImageFolder.pictures("cat/b.png", "cat/a.png", "ant/c.png")
        let set = try ImageReader().read(folder.url)
        #expect(set.names == ["ant/c.png", "cat/a.png", "cat/b.png"])
        #expect(set.classNames == ["ant", "cat"] && set.labels == [0, 1, 1])
        #expect(set.width == 16 && set.height == 12 && set.channels == 3)
        #expect(set.classCounts([0, 2]) == [1, 1])
    }

    @Test func aTableGivesLabels() throws {
        let folder = try ImageFolder.pictures("x.png", "y.png")
        try Data("label,file\n\"old\", y.png\n\nyoung,x.png\n".utf8).write(to: folder.url.appending(path: "labels.csv"))
        let set = try ImageReader().read(folder.url)
        #expect(set.names == ["y.png", "x.png"] && set.classNames == ["old", "young"] && set.labels == [0, 1])
    }

    @Test func namesGiveLabelsAndBinsOfEqualWidth() throws {
        let folder = try ImageFolder.pictures("0_1.png", "19_1.png", "20_2.png", "100_1.png")
        var options = ImageOptions()
        options.labelPattern = "{label}_*"
        #expect(try ImageReader(options).read(folder.url).classNames == ["0", "19", "20", "100"])
        options.labelBins = 5
        options.size = 4
        let set = try ImageReader(options).read(folder.url)
        #expect(set.names == ["0_1.png", "100_1.png", "19_1.png", "20_2.png"])
        #expect(set.labels == [0, 4, 0, 1])
        #expect(set.classNames == ["0–20", "20–40", "40–60", "60–80", "80–100"])
        #expect(set.pixels.count == 4 * 4 * 4 * 3)
    }

    @Test func patternsHaveTextAroundTheLabel() {
        #expect(ImageReader.label(of: "face-12-a.jpg", "face-{label}-*") == "12")
        #expect(ImageReader.label(of: "x/12_3.jpg", "*/{label}_*") == "12")
        #expect(ImageReader.label(of: "12.jpg", "{label}_*") == nil)
        #expect(ImageReader.label(of: "_1.jpg", "{label}_*") == nil)
    }

    @Test func idxFilesAreReadPlainAndCompressed() throws {
        let images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 10, 20, 30, 40]
        let labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, 2, 3, 1]
        let folder = try ImageFolder([
            "train-images-idx3-ubyte": Data(images), "train-labels-idx1-ubyte": Data(labels),
        ])
        let set = try ImageReader().read(folder.url)
        #expect(set.pixels == [10, 20, 30, 40] && set.labels == [3, 1] && set.width == 2 && set.height == 1)
        let short = try ImageFolder([
            "train-images-idx3-ubyte": Data(images.dropLast()), "train-labels-idx1-ubyte": Data(labels),
        ])
        let path = short.url.appending(path: "train-images-idx3-ubyte").path
        #expect(throws: DataError.idx(path: path, problem: "it ends too early")) { try ImageReader().read(short.url) }
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: fashion.path), "needs dataset-fashion-mnist"))
    func fashionMNISTIsReadFromItsPackage() throws {
        let set = try ImageReader().read(fashion, prefix: "t10k")
        #expect(set.count == 10_000 && set.width == 28 && set.height == 28 && set.classNames.count == 10)
        #expect(set.classCounts(Array(0..<set.count)) == [Int](repeating: 1000, count: 10))
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: faces.path), "needs the images in UNLEARN_TEST_DATA"))
    func facesFallIntoTenBinsOfAge() throws {
        var options = ImageOptions()
        (options.labelPattern, options.labelBins) = ("{label}_*", 10)
        let set = try ImageReader(options).read(faces)
        #expect(set.count == 9780 && set.width == 64 && set.height == 64)
        // Ages 1 to 110: bins are 10.9 years wide, and (23 − 1) / 10.9 is a little more than 2.
        let index = try #require(set.names.firstIndex { $0.hasPrefix("023_") })
        #expect(set.labels[index] == 2 && set.labels[0] == 0 && set.labels.max() == 9)
        #expect(set.classCounts(Array(0..<set.count)).allSatisfy { $0 > 0 })
    }

    @Test func idxImagesAreBroughtToTheSizeAskedFor() throws {
        let folder = try ImageFolder([
            "train-images-idx3-ubyte": Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 4, 8, 12, 7, 7, 7, 7]),
            "train-labels-idx1-ubyte": Data([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]),
        ])
        var options = ImageOptions()
        options.size = 1
        let set = try ImageReader(options).read(folder.url)
        // The mean of each.
        #expect((set.width, set.height) == (1, 1) && set.pixels == [6, 7])
        options.size = 1000
        #expect(throws: DataError.tooLarge(count: 2, width: 1000, height: 1000, bytes: 1_999_999)) {
            try ImageReader(options, mostBytes: 1_999_999).read(folder.url)
        }
    }

    @Test func classesOfIDXFilesGetNames() throws {
        let folder = try ImageFolder([
            "train-images-idx3-ubyte": Data([0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1, 5, 6]),
            "train-labels-idx1-ubyte": Data([0, 0, 8, 1, 0, 0, 0, 2, 1, 0]),
        ])
        var options = ImageOptions()
        options.classNames = "shirt, boot"
        #expect(try ImageReader(options).read(folder.url).classNames == ["shirt", "boot"])
        options.classNames = "shirt"
        let path = folder.url.appending(path: "train-labels-idx1-ubyte").path
        #expect(throws: DataError.idx(path: path, problem: "it has 2 classes, and 1 names are given")) {
            try ImageReader(options).read(folder.url)
        }
    }

    @Test func aBrokenImageIsNamed() throws {
        let whole = try Data(contentsOf: ImageFolder.golden.appending(path: "picture.png"))
        let folder = try ImageFolder(["a/1.png": whole, "a/2.png": whole.prefix(60), "a/3.png": Data([1, 2])])
        let path = folder.url.appending(path: "a/2.png").path
        let error = #expect(throws: DataError.self) { try ImageReader().read(folder.url) }
        guard case .image(path, let problem) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problem.hasPrefix("libspng says '"))
        let text = try ImageFolder(["a/3.png": Data([1, 2])])
        #expect(
            throws: DataError.image(
                path: text.url.appending(path: "a/3.png").path, problem: "it is neither JPEG nor PNG")
        ) { try ImageReader().read(text.url) }
    }

    @Test func imagesThatDoNotFitIntoMemoryAreRefused() throws {
        let folder = try ImageFolder.pictures("a/1.png", "a/2.png")
        let first = try ImageReader().read(folder.url)
        let bytes = first.pixels.count
        #expect(try ImageReader(ImageOptions(), mostBytes: bytes).read(folder.url).count == 2)
        let error = #expect(throws: DataError.self) {
            try ImageReader(ImageOptions(), mostBytes: bytes - 1).read(folder.url)
        }
        #expect(
            error?.description == "2 images of \(first.width) × \(first.height) pixels take more than the "
                + "\((bytes - 1) >> 20) MiB that they may have. Bring them to a smaller size with --image-size.")
    }

    @Test func testImagesOfAnotherSizeAreRefused() throws {
        func set(_ width: Int) -> ImageSet {
            ImageSet(
                width: width, height: 1, channels: 1, pixels: [UInt8](repeating: 0, count: width), labels: [0],
                names: ["a"], classNames: ["x"])
        }
        let error = #expect(throws: DataError.self) { try set(2).appending(set(3), from: "digits") }
        #expect(
            error?.description == "The test images in 'digits' have 3 × 1 pixels, and the training images 2 × 1. Check "
                + "that the files belong together.")
    }

    @Test func aLabelTooLargeForBinsIsNamed() throws {
        let folder = try ImageFolder.pictures("18446744073709551616_1.png", "1_1.png")
        var options = ImageOptions()
        (options.labelPattern, options.labelBins) = ("{label}_*", 3)
        let name = "18446744073709551616_1.png"
        #expect(throws: DataError.noLabel(path: name, pattern: "a number in place of 18446744073709551616")) {
            try ImageReader(options).read(folder.url)
        }
    }

    @Test func aNameWithoutLabelIsNamed() throws {
        let folder = try ImageFolder.pictures("nobody.png")
        let path = folder.url.appending(path: "nobody.png").path
        #expect(throws: DataError.noLabel(path: path, pattern: "{label}/*")) { try ImageReader().read(folder.url) }
    }
}

private let faces: URL = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    let data = ProcessInfo.processInfo.environment["UNLEARN_TEST_DATA"].map { URL(filePath: $0) }
    return (data ?? root.appending(path: "../shared/data")).appending(path: "images/faces")
}()

private let fashion = URL(filePath: "/usr/share/datasets/fashion-mnist")

@Suite struct ImageBatchTests {
    /// Two grey images of 2 × 2 pixels.
    private let set = ImageSet(
        width: 2, height: 2, channels: 1, pixels: [0, 51, 102, 255, 1, 2, 3, 4], labels: [1, 0], names: ["a", "b"],
        classNames: ["x", "y"])

    @Test func bytesBecomeNumbersAroundZeroWithChannelsLast() {
        let batch = set.batch([0])
        #expect(batch.inputs.shape == [1, 1, 2, 2])
        let expected: [Float] = [-1, -0.6, -0.2, 1]
        #expect(zip(batch.inputs.scalars(Float.self), expected).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(batch.labels.scalars(Int64.self) == [1])
    }

    @Test func mirroredImagesAreMirrored() {
        var generator = Generator(seed: 0, purpose: "flip")
        let batch = set.batch([1, 1, 1, 1, 1, 1, 1, 1], Augmentation(cropBorder: 0, flips: true), using: &generator)
        let values = batch.inputs.scalars(Float.self).map { Int((($0 + 1) * 127.5).rounded()) }
        let rows = stride(from: 0, to: values.count, by: 4).map { Array(values[$0..<$0 + 4]) }
        #expect(Set(rows) == [[1, 2, 3, 4], [2, 1, 4, 3]])
    }

    @Test func cutsStayInsideTheBorderAndOneSeedIsOneBatch() {
        func batch() -> [Float] {
            var generator = Generator(seed: 3, purpose: "crop")
            return set.batch([0, 1, 0, 1], Augmentation(cropBorder: 1, flips: true), using: &generator)
                .inputs.scalars(Float.self)
        }
        #expect(batch() == batch())
        #expect(batch().allSatisfy { $0 >= -1 && $0 <= 1 })
    }
}
