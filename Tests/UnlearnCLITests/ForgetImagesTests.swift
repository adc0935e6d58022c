// Forgetting images from the command line: a classifier is trained, forgets a class, and the run says so.

import Foundation
import Testing
import UnlearnFormats

@Suite struct ForgetImagesTests {
    private func train(_ folder: TemporaryFolder) throws {
        try SmallImages.write(folder)
        let result = try Binary.run(
            "train", "--data", "images", "--width", "4", "--output", "model", "--set", "epochs=12", "--set",
            "augmentation.cropBorder=0", "--set", "batchSize=16", in: folder.url)
        #expect(result.status == 0, "\(result.error)")
    }

    private func forget(_ folder: TemporaryFolder, _ arguments: String...) throws -> Binary.Result {
        try Binary.run(
            [
                "forget", "--model", "model", "--method", "random-labels", "--set", "epochs=6", "--set",
                "learningRate=0.05", "--set", "batchSize=16",
            ] + arguments, in: folder.url)
    }

    @Test func aClassIsForgottenAndTheRunIsWrittenWhole() throws {
        let folder = try TemporaryFolder()
        try train(folder)
        let result = try forget(folder, "--forget-class", "2", "--output", "run", "--json")
        #expect(result.status == 0, "\(result.error)")
        let report = try result.json
        let metrics = try #require(report["metrics"]?.array)
        func accuracy(_ split: String, _ side: String) -> Double? {
            metrics.first { $0["name"]?.string == "accuracy" && $0["split"]?.string == split }?[side]?["value"]?.double
        }
        #expect(try #require(accuracy("forget", "before")) > 0.8)
        #expect(try #require(accuracy("forget", "after")) < 0.2)
        #expect(try #require(accuracy("retain", "after")) > 0.8)
        #expect(report["pictures"]?["groups"]?.array?.count == 3)
        #expect(report["provenance"]?["subject"]?.string == "class 2")
        let run = folder.url.appending(path: "run")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: run.appending(path: "model").path).sorted() == [
                "README.md", "config.json", "model.safetensors",
            ])
        let page = try String(contentsOf: run.appending(path: "report.html"), encoding: .utf8)
        #expect(page.contains("src=\"data:image/png;base64,iVBOR") && !page.contains("https:"))
        #expect(FileManager.default.fileExists(atPath: run.appending(path: "finished").path))
        let shown = try Binary.run("report", "run", in: folder.url)
        #expect(shown.status == 0 && shown.output.contains("accuracy on test images"))
        let again = try forget(folder, "--forget-class", "2", "--output", "run")
        #expect(again.status == 64)
    }

    /// The promise to forget an image holds for all rows that name it, and what a copy of it does is said.
    @Test func aListedImageIsForgottenWhole() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(40, .table, folder)
        let images = folder.url.appending(path: "images")
        try FileManager.default.copyItem(
            at: images.appending(path: "dark_2.png"), to: images.appending(path: "copy.png"))
        let table = try String(contentsOf: images.appending(path: "labels.csv"), encoding: .utf8)
        let again = (0..<10).map { _ in "./dark_2.png,dark\n" }.joined()
        try folder.write(table + again + "copy.png,dark\n", "images/labels.csv")
        let trained = try Binary.run(
            "train", "--data", "images", "--width", "4", "--output", "model", "--set", "epochs=1", "--json",
            in: folder.url)
        #expect(try trained.json["images"]?.int == 41)
        try folder.write("\u{FEFF}dark_2.png\r\n", "list.txt")
        let result = try forget(folder, "--forget-files", "list.txt", "--output", "run", "--json")
        #expect(result.status == 0)
        #expect(
            result.error.split(separator: "\n").prefix(2) == [
                "unlearn: Note: 10 times a file is listed again, first 'dark_2.png'. Each file counts once.",
                "unlearn: Note: An image to keep is the same, pixel by pixel, as what is to be forgotten, first "
                    + "'copy.png' as 'dark_2.png'. Forget copies too, or remove them: else they keep up what they show.",
            ])
        let groups = try #require(result.json["pictures"]?["groups"]?.array)
        #expect(groups.map { $0["count"]?.int } == [1, 32, 4])
        #expect(try #require(result.json["limits"]?.array?.last?.string).hasPrefix("An image to keep is the same"))
    }

    @Test func oneSeedIsOneModel() throws {
        let folder = try TemporaryFolder()
        try train(folder)
        let hashes = try ["a", "b"].map { name in
            try forget(folder, "--forget-share", "0.2", "--output", name, "--json").json["provenance"]?["resultHash"]
        }
        #expect(hashes[0]?.string != nil && hashes[0] == hashes[1])
    }

    @Test func aRunFromAFileAndAResumedRunMakeTheSameModel() throws {
        let folder = try TemporaryFolder()
        try train(folder)
        let flags = try forget(folder, "--forget-class", "2", "--output", "flags", "--json")
        try folder.write(
            """
            model: model
            method: random-labels
            output: file
            images: {data: images, forget: {className: "2"}}
            set: {epochs: 6, learningRate: 0.05, batchSize: 16}
            """, "run.yaml")
        let file = try Binary.run("run", "run.yaml", "--json", in: folder.url)
        #expect(file.status == 0, "\(file.error)")
        let hash = try #require(flags.json["provenance"]?["resultHash"]?.string)
        #expect(try file.json["provenance"]?["resultHash"]?.string == hash)

        // As if it had been interrupted just before its end.
        try FileManager.default.removeItem(at: folder.url.appending(path: "file/finished"))
        let resumed = try Binary.run("resume", "file", "--json", in: folder.url)
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try resumed.json["provenance"]?["resultHash"]?.string == hash)
    }

    @Test func aRunFromAFileNeedsNoMethod() throws {
        let folder = try TemporaryFolder()
        try train(folder)
        try folder.write(
            "{model: model, output: run, images: {data: images, forget: {className: '2'}}, set: {epochs: 0.1}}",
            "run.yaml")
        let run = try Binary.run("run", "run.yaml", "--json", in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(try run.json["provenance"]?["method"]?.string == "boundary-shrink")
    }

    @Test func aFileWithoutWhatIsTrainedIsAnswered() throws {
        let folder = try TemporaryFolder()
        func sentence(_ text: String) throws -> String {
            try folder.write(text, "run.yaml")
            let result = try Binary.run("run", "run.yaml", in: folder.url)
            #expect(result.status == 64)
            return result.error
        }
        #expect(
            try sentence("{command: train, images: {images: {size: 8}}, output: model}")
                == "unlearn: Option 'images.data' has an impossible value: a classifier is trained on images, whose folder "
                + "stands there. Correct its value.\n")
        #expect(
            try sentence("{command: train, data: images, output: model}")
                == "unlearn: Option 'model' has an impossible value: neither a language model to train nor, under images, "
                + "images to train a classifier on are given. Correct its value.\n")
        #expect(
            try sentence("{images: {data: images}, output: run}")
                == "unlearn: Option 'model' has an impossible value: no model is given. Correct its value.\n")
    }

    @Test func mistakesAreSaid() throws {
        let folder = try TemporaryFolder()
        try train(folder)
        let unknown = try forget(folder, "--forget-class", "boot", "--output", "run")
        #expect(unknown.error == "unlearn: There is no class 'boot'. Classes are: 0, 1, 2.\n")
        let subject = try forget(folder, "--subject", "boot", "--output", "run")
        #expect(
            subject.error
                == "unlearn: Option 'subject' has an impossible value: an image classifier forgets images: choose them "
                + "with --forget-class, --forget-files or --forget-share. Correct its value.\n")
        let method = try forget(folder, "--forget-class", "2", "--output", "run", "--set", "epoch=1")
        #expect(method.error.hasPrefix("unlearn: There is no option 'epoch'. Did you mean 'epochs'?"))
        let sized = try forget(folder, "--forget-class", "2", "--output", "run", "--class-names", "a,b,2")
        #expect(
            folder.relative(sized.error)
                == "unlearn: The images do not fit the model 'model/model': its classes are 0, 1, 2, and theirs are a, b, 2. "
                + "Give the images that it was trained on, with the same options.\n")
        let nothing = try forget(folder, "--output", "run")
        #expect(nothing.status == 64)
        #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "run/finished").path))
    }
}
