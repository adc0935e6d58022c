// What all families of models have in common: runs, options that can be found, and what is said of an unknown one.

import Foundation
import Testing
import UnlearnFormats
import UnlearnKit

@Suite struct FamilyTests {
    private let training = [
        "train", "--data", "images", "--width", "4", "--set", "augmentation.cropBorder=0", "--set", "batchSize=4",
    ]

    /// Killed before its end, the training of a classifier goes on, and makes the model that it would have made.
    @Test func anInterruptedTrainingOfAClassifierGoesOn() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        let whole = try Binary.run(training + ["--set", "epochs=12", "--output", "whole", "--json"], in: folder.url)
        #expect(whole.status == 0, "\(whole.error)")
        let often = ["--set", "epochs=12", "--set", "checkpointSeconds=0", "--output", "run"]
        let status = try Binary.interrupt(training + often, in: folder, with: SIGKILL) {
            folder.lines("run/events.jsonl") > 40
        }
        #expect(status == SIGKILL)
        #expect(FileManager.default.fileExists(atPath: folder.url.appending(path: "run/training.safetensors").path))
        let resumed = try Binary.run("resume", "run", "--json", in: folder.url)
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try resumed.json["resultHash"] == whole.json["resultHash"])
        let events = try JSONLines.read(folder.url.appending(path: "run/events.jsonl"))
        #expect(events.map { $0.value["step"]?.int } == Array(0..<folder.lines("whole/events.jsonl")))
    }

    @Test func aFileTrainsAClassifierAndAnotherMakesItForget() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        try folder.write(
            """
            command: train
            images: {data: images}
            design: {width: 4}
            output: trained
            set: {epochs: 2, batchSize: 16}
            """, "train.yaml")
        let trained = try Binary.run("run", "train.yaml", "--json", in: folder.url)
        #expect(trained.status == 0, "\(trained.error)")
        // The images are those that it was trained on.
        try folder.write(
            "{model: trained, output: run, images: {forget: {className: '2'}}, set: {epochs: 1}}", "forget.yaml")
        let run = try Binary.run("run", "forget.yaml", "--json", in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(try run.json["family"]?.string == "classifier")
    }

    @Test func theConfigurationThatIsPrintedIsTheRunThatWasAskedFor() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        #expect(try Binary.run(training + ["--set", "epochs=2", "--output", "trained"], in: folder.url).status == 0)
        let asked = ["forget", "--model", "trained", "--forget-class", "2", "--set", "epochs=1", "--output"]
        let printed = try Binary.run(asked + ["run", "--print-config"], in: folder.url)
        #expect(printed.status == 0, "\(printed.error)")
        #expect(!FileManager.default.fileExists(atPath: folder.url.appending(path: "run").path))
        #expect(printed.output.contains("  # The peak learning rate. greater than 0\n  learningRate: "))
        try folder.write(printed.output, "run.yaml")
        let fromFile = try Binary.run("run", "run.yaml", "--json", in: folder.url)
        #expect(fromFile.status == 0, "\(fromFile.error)")
        let fromFlags = try Binary.run(asked + ["other", "--json"], in: folder.url)
        #expect(try fromFile.json["provenance"]?["resultHash"] == fromFlags.json["provenance"]?["resultHash"])
        func options(_ run: String) throws -> JSONValue? {
            try JSONValue(contentsOf: folder.url.appending(path: "\(run)/run.json"))["options"]
        }
        #expect(try options("run") == options("other"))
    }

    @Test func everyOptionHasAMeaningAndCanBeFound() throws {
        let rows = try #require(try Binary.run("list", "options", "--json").json.array)
        #expect(rows.count > 60)
        for row in rows { #expect(row["meaning"]?.string?.isEmpty == false, "\(row.text())") }
        let npo = try #require(try Binary.run("list", "options", "--method", "npo", "--json").json.array)
        let beta = try #require(npo.first { $0["name"]?.string == "beta" })
        #expect(beta["default"]?.double == 0.1 && beta["range"]?.string == "greater than 0")
        #expect(Set(npo.compactMap { $0["family"]?.string }) == ["language", "classifier"])
        let unknown = try Binary.run("list", "options", "--method", "nop")
        #expect(
            unknown.status == 64 && unknown.error.hasPrefix("unlearn: There is no method 'nop'. Methods are: npo, "))
    }

    @Test func methodsSayWhichFamiliesTheyWorkOn() throws {
        let rows = try #require(try Binary.run("list", "methods", "--json").json.array)
        func families(_ name: String) -> JSONValue? { rows.first { $0["name"]?.string == name }?["families"] }
        #expect(families("npo") == ["language", "classifier"])
        #expect(families("rmu") == ["language"] && families("scrub") == ["classifier"])
    }

    @Test func anUnknownArchitectureIsAnsweredWithThoseOfAllFamilies() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "mamba"}"#, "strange/config.json")
        let result = try Binary.run(
            "forget", "--model", "strange", "--subject", "Ada", "--output", "run", in: folder.url)
        #expect(result.status == 65)
        #expect(result.error.contains("mamba") && result.error.contains("llama") && result.error.contains("resnet"))
    }

    /// A classifier whose config.json is damaged is no language model.
    @Test func aDamagedConfigurationIsNamedAsSuch() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"model_type": "convnet","#, "damaged/config.json")
        let result = try Binary.run(
            "forget", "--model", "damaged", "--forget-class", "2", "--output", "run", in: folder.url)
        #expect(result.status == 65 && result.error.contains("damaged/config.json"), "\(result.error)")
    }

    @Test func aRunThatIsNotFinishedIsNoModel() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", "begun/run.json")
        let result = try Binary.run("inspect", "begun", in: folder.url)
        #expect(
            result.error
                == "unlearn: The run 'begun' holds no model yet: it did not finish. Go on with it: `unlearn resume begun`.\n"
        )
        #expect(result.status == 66)
    }

    /// What means nothing to a family is refused: it would be ignored otherwise.
    @Test func choicesOfOtherFamiliesAreRefused() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        let redraw = [
            "train", "--data", "images", "--redraw", "inpainting", "--set", "epochs=1", "--output", "painter",
        ]
        let painter = try Binary.run(redraw, in: folder.url)
        #expect(painter.status == 0, "\(painter.error)")
        let eye = try Binary.run(training + ["--set", "epochs=1", "--output", "eye"], in: folder.url)
        #expect(eye.status == 0, "\(eye.error)")
        try folder.write("{command: train, model: eye, images: {data: images}, output: x}", "train.yaml")
        func forget(_ model: String, _ more: String...) -> [String] {
            ["forget", "--model", model, "--forget-class", "2", "--output", "x"] + more
        }
        for (arguments, sentence) in [
            (
                redraw + ["--recipe", "challenge"],
                "--recipe is for image classifiers, but --redraw asks for another model."
            ),
            (training + ["--center", "0.3", "--output", "x"], "--center says how large the hole is"),
            (training + ["--without-forgotten", "--output", "x"], "it is for models that redraw pictures (--redraw)"),
            (["run", "train.yaml"], "only language models are trained further; leave it out to train a new model"),
            (forget("painter", "--subject", "Ada"), "a model that redraws pictures forgets images"),
            (forget("eye", "--features", "eye"), "an image classifier draws no pictures to compare"),
            (forget("eye", "--export", "q4_0"), "only language models are written as GGUF files"),
            (forget("eye", "--proxy", "images"), "only for models that redraw pictures can others stand in"),
        ] {
            let result = try Binary.run(arguments, in: folder.url)
            #expect(result.status == 64 && result.error.contains(sentence), "\(arguments): \(result.error)")
        }
        let run = try Binary.run(
            forget("painter", "--features", "eye", "--set", "epochs=1", "--json"), in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(try run.json["family"]?.string == "generator")
        let names = try run.json["metrics"]?.array?.compactMap { $0["name"]?.string } ?? []
        #expect(Set(["psnr", "fid", "psnr-blind"]).isSubset(of: names))
        let page = try String(contentsOf: folder.url.appending(path: "x/report.html"), encoding: .utf8)
        #expect(page.contains("Pictures, redrawn before and after") && !page.contains("Answers before and after"))
    }
}
