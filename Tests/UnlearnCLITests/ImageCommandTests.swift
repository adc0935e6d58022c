// Training classifiers and the challenge, from the command line, on small images that the tests make.

import Foundation
import Testing
import UnlearnFormats

@Suite struct TrainTests {
    @Test func aClassifierIsTrainedAndWritten() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        let result = try Binary.run(
            "train", "--data", "images", "--width", "4", "--output", "model", "--set", "epochs=12", "--set",
            "augmentation.cropBorder=0", "--set", "batchSize=16", "--json", in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(try #require(result.json["testAccuracy"]?.double) > 0.8)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/model/model").sorted() == [
                "README.md", "config.json", "model.safetensors", "training.json",
            ])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path + "/model").sorted() == [
                "data", "events.jsonl", "finished", "model", "result.json", "run.json",
            ])
        let run = try JSONValue(contentsOf: folder.url.appending(path: "model/run.json"))
        #expect(run["provenance"]?["dataFiles"]?.array?.first?["path"]?.string == "images (pixels)")
        #expect(run["options"]?["epochs"]?.double == 12)
        let events = try JSONLines.read(folder.url.appending(path: "model/events.jsonl"))
        #expect(events.map { $0.value["step"]?.int } == Array(0..<events.count) && events.count >= 12)
        let again = try Binary.run("train", "--data", "images", "--output", "model", in: folder.url)
        #expect(
            folder.relative(again.error)
                == "unlearn: The run directory 'model' already exists and is not empty. Choose another --output or remove "
                + "it.\n")
        #expect(again.status == 64)
    }

    /// Of two images one is trained on and one tested on.
    @Test(arguments: SmallImages.Layout.allCases, [2, 20]) func aSmallFolderTrains(
        layout: SmallImages.Layout, count: Int
    ) throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(count, layout, folder)
        let result = try Binary.run(
            ["train", "--data", "images", "--width", "4", "--output", "model", "--set", "epochs=1", "--json"]
                + layout.arguments, in: folder.url)
        #expect(result.status == 0 && !result.error.contains("Note"), "\(result.error)")
        #expect(try result.json["images"]?.int == count)
    }

    @Test(arguments: SmallImages.Layout.allCases) func imagesOfOneClassAreRefused(layout: SmallImages.Layout) throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(20, layout, folder)
        let images = folder.url.appending(path: "images")
        switch layout {
        case .folders: try FileManager.default.removeItem(at: images.appending(path: "light"))
        case .table: try folder.write("file,label\ndark_0.png,dark\ndark_2.png,dark\n", "images/labels.csv")
        case .fileNames:
            for name in try FileManager.default.contentsOfDirectory(atPath: images.path) where name.hasPrefix("light") {
                try FileManager.default.removeItem(at: images.appending(path: name))
            }
        }
        let result = try Binary.run(
            ["train", "--data", "images", "--output", "model"] + layout.arguments, in: folder.url)
        #expect(
            result.error.replacing(images.path, with: "images")
                == "unlearn: All images of 'images' are of one class, 'dark', and a classifier tells classes apart. Give images "
                + "of another class too, or check what says the labels: folders, labels.csv or --label-pattern.\n")
        #expect(result.status == 65)
    }

    @Test func oneImageIsTooFewToTrain() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(1, .folders, folder)
        let result = try Binary.run("train", "--data", "images", "--output", "model", in: folder.url)
        #expect(
            result.error == "unlearn: There are 0 images to train on and 1 to test on; each must be at least one. Give "
                + "more images.\n")
        #expect(result.status == 64)
    }

    @Test func anUnknownOptionIsNamed() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
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
        try SmallImages.write(folder)
        let first = try run(folder, "--method", "fine-tune", "--method", "gradient-ascent")
        #expect(first.status == 0, "\(first.error)")
        let rows = try #require(first.json["rows"]?.array)
        #expect(rows.prefix(2).map { $0["name"]?.string } == ["original", "retrained"])
        #expect(Set(rows.dropFirst(2).map { $0["name"]?.string }) == ["fine-tune", "gradient-ascent"])
        #expect(rows[2]["epsilons"]?.array?.count == 11)  // a tenth of 120 − 12 training images
        #expect(try first.json["retainCount"]?.int == 97)
        let page = try String(contentsOf: folder.url.appending(path: "result/report.html"), encoding: .utf8)
        #expect(page.contains("src=\"data:image/png;base64,iVBOR") && page.contains("retrained"))

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
        try SmallImages.write(folder)
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
        try SmallImages.write(folder)
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
