// Models that redraw pictures on the command line: every kind is trained by its name, looked at early, and forgets.

import Foundation
import Testing
import UnlearnFormats

@Suite struct RedrawKindTests {
    private func train(_ architecture: String, _ more: String...) -> [String] {
        ["train", "--data", "images", "--redraw", "inpainting", "--architecture", architecture] + more
    }

    @Test(arguments: ["autoencoder-tiny", "vit-mae", "vqgan", "diffusion-inpainter"])
    func everyKindIsTrainedAndForgets(kind: String) throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        let trained = try Binary.run(
            train(kind, "--width", "8", "--set", "epochs=2", "--set", "lookSeconds=0", "--output", "painter"),
            in: folder.url)
        #expect(trained.status == 0, "\(trained.error)")
        #expect(trained.error.contains("pictures that it does not learn from are redrawn at "), "\(trained.error)")
        let png = try Data(contentsOf: folder.url.appending(path: "painter/look.png"))
        // Width and height, big-endian: eight pictures beside each other, three rows, two pixels between them.
        let size: [UInt8] = [0, 0, 0, 78, 0, 0, 0, 28]
        #expect(Array(png[16..<24]) == size)
        let events = try JSONLines.read(folder.url.appending(path: "painter/events.jsonl"))
        #expect(events.allSatisfy { $0.value["validation"]?.double != nil })
        let config = try JSONValue(contentsOf: folder.url.appending(path: "painter/model/config.json"))
        let record = try JSONValue(contentsOf: folder.url.appending(path: "painter/model/training.json"))
        #expect(config["degradation"]?["kind"] == "inpainting" && record["network"]?["kind"] == .string(kind))
        let run = try Binary.run(
            "forget", "--model", "painter", "--forget-class", "2", "--set", "epochs=1", "--set", "leastSteps=0",
            "--output", "run", "--json", in: folder.url)
        #expect(run.status == 0, "\(run.error)")
        #expect(try run.json["family"]?.string == "generator")
    }

    @Test func anArchitectureOfTheOtherFamilyIsRefused() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        for (arguments, sentence) in [
            (
                train("vit", "--output", "x"),
                "--architecture vit is an image classifier, but --redraw asks for a model that redraws pictures. Choose "
                    + "one of autoencoder-tiny, vit-mae, vqgan, diffusion-inpainter."
            ),
            (
                ["train", "--data", "images", "--architecture", "vqgan", "--output", "x"],
                "--architecture vqgan redraws pictures: say with --redraw what is taken away from them, or choose one of "
                    + "convnet, resnet18, resnet34, resnet50, vit."
            ),
            (train("gan", "--output", "x"), "'gan' is invalid for '--architecture <name>'"),
            (
                train("diffusion-inpainter", "--set", "wholeWeight=1", "--output", "x"),
                "Option 'wholeWeight' has an impossible value: a diffusion-inpainter is trained on the noise where "
                    + "something is missing alone."
            ),
            (
                ["train", "--data", "images", "--redraw", "colourisation", "--architecture", "vqgan", "--output", "x"],
                "Option 'degradation' has an impossible value: "
            ),
        ] {
            let result = try Binary.run(arguments, in: folder.url)
            #expect(result.status == 64 && result.error.contains(sentence), "\(arguments): \(result.error)")
        }
    }

    /// Noise, moments of noising and the running mean go on where they stood.
    @Test func anInterruptedTrainingOfADiffusionModelGoesOn() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        let training = train("diffusion-inpainter", "--width", "8", "--set", "epochs=20", "--set", "batchSize=8")
        let whole = try Binary.run(training + ["--output", "whole", "--json"], in: folder.url)
        #expect(whole.status == 0, "\(whole.error)")
        let status = try Binary.interrupt(
            training + ["--set", "checkpointSeconds=0", "--output", "run"], in: folder, with: SIGKILL
        ) { folder.lines("run/events.jsonl") > 40 }
        #expect(status == SIGKILL)
        let resumed = try Binary.run("resume", "run", "--json", in: folder.url)
        #expect(resumed.status == 0, "\(resumed.error)")
        #expect(try resumed.json["resultHash"] == whole.json["resultHash"])
    }
}
