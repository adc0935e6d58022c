// Training classifiers and the challenge, from the command line, on small images that the tests make.

import Foundation
import Testing
import UnlearnFormats

/// IDX files of noisy grey images of 8 × 8 pixels in three classes of different brightness.
private func writeImages(_ folder: TemporaryFolder) throws {
    var state: UInt64 = 7
    func noise() -> UInt8 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return UInt8(truncatingIfNeeded: state >> 33) % 90
    }
    try FileManager.default.createDirectory(
        at: folder.url.appending(path: "images"), withIntermediateDirectories: true)
    for (prefix, count) in [("train", 120), ("t10k", 30)] {
        var images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 8, 0, 0, 0, 8]
        var labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, UInt8(count)]
        for index in 0..<count {
            labels.append(UInt8(index % 3))
            for _ in 0..<64 { images.append(noise() + UInt8(index % 3) * 40) }
        }
        try Data(images).write(to: folder.url.appending(path: "images/\(prefix)-images-idx3-ubyte"))
        try Data(labels).write(to: folder.url.appending(path: "images/\(prefix)-labels-idx1-ubyte"))
    }
}

@Suite struct TrainTests {
    @Test func aClassifierIsTrainedAndWritten() throws {
        let folder = try TemporaryFolder()
        try writeImages(folder)
        let result = try Binary.run(
            "train", "--data", "images", "--width", "4", "--output", "model", "--set", "epochs=12", "--set",
            "augmentation.cropBorder=0", "--set", "batchSize=16", "--json", in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(try #require(result.json["testAccuracy"]?.double) > 0.8)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/model").sorted() == [
                "config.json", "model.safetensors", "training.json",
            ])
        let again = try Binary.run("train", "--data", "images", "--output", "model", in: folder.url)
        #expect(folder.relative(again.error) == "unlearn: 'model' already exists. Choose another name or remove it.\n")
        #expect(again.status == 64)
    }

    @Test func anUnknownOptionIsNamed() throws {
        let folder = try TemporaryFolder()
        try writeImages(folder)
        let result = try Binary.run(
            "train", "--data", "images", "--output", "model", "--set", "epoch=1", in: folder.url)
        #expect(result.error.hasPrefix("unlearn: There is no option 'epoch'. Did you mean 'epochs'?"))
        #expect(result.status == 64)
    }
}

@Suite struct ChallengeTests {
    private func run(_ folder: TemporaryFolder, _ arguments: String...) throws -> Binary.Result {
        try Binary.run(
            [
                "benchmark", "neurips2023", "--data", "images", "--width", "4", "--models", "3", "--output", "result",
                "--set", "training.epochs=3", "--set", "training.batchSize=16", "--forget-share", "0.1", "--json",
            ] + arguments, in: folder.url)
    }

    @Test func methodsAreComparedAndNothingIsMadeTwice() throws {
        let folder = try TemporaryFolder()
        try writeImages(folder)
        let first = try run(folder, "--method", "fine-tune", "--method", "gradient-ascent")
        #expect(first.status == 0, "\(first.error)")
        let rows = try #require(first.json["rows"]?.array)
        #expect(rows.prefix(2).map { $0["name"]?.string } == ["original", "retrained"])
        #expect(Set(rows.dropFirst(2).map { $0["name"]?.string }) == ["fine-tune", "gradient-ascent"])
        #expect(rows[2]["epsilons"]?.array?.count == 11)  // a tenth of 120 − 12 training images
        #expect(try first.json["retainCount"]?.int == 97)

        // One lost model is made again, the same as before; all others are left alone.
        let lost = folder.url.appending(path: "result/retrained/001.json")
        let kept = folder.url.appending(path: "result/retrained/000.json")
        let (before, date) = (try outcome(lost), try modified(kept))
        try FileManager.default.removeItem(at: lost)
        let second = try run(folder, "--method", "fine-tune")
        #expect(second.status == 0, "\(second.error)")
        #expect(try outcome(lost) == before)
        #expect(try modified(kept) == date)
    }

    @Test func aFolderOfOtherSettingsIsRefused() throws {
        let folder = try TemporaryFolder()
        try writeImages(folder)
        #expect(try run(folder, "--method", "fine-tune").status == 0)
        let other = try run(folder, "--set", "training.learningRate=0.1")
        #expect(
            folder.relative(other.error)
                == "unlearn: 'result' holds a benchmark with other data, models or training; see benchmark.json "
                + "there. Choose another --output, or give the same options.\n")
        #expect(other.status == 64)
    }

    @Test func optionsOfMethodsAreFoundByTheirNames() throws {
        let folder = try TemporaryFolder()
        try writeImages(folder)
        let result = try run(folder, "--method", "scrub", "--set", "scrub.gama=2")
        #expect(result.error.hasPrefix("unlearn: There is no option 'scrub.gama'. Did you mean 'scrub.gamma'?"))
        #expect(result.status == 64)
        let unknown = try run(folder, "--method", "finetune")
        #expect(unknown.error.hasPrefix("unlearn: There is no method 'finetune'. Methods are: fine-tune, "))
    }

    private func outcome(_ file: URL) throws -> JSONValue? { try JSONValue(contentsOf: file)["outcome"] }

    private func modified(_ file: URL) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: file.path)[.modificationDate] as? Date
    }
}
