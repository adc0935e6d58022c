// Models that redraw pictures, as a user trains them, makes them forget and looks at what they draw.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnData

@Suite struct RedrawTests {
    private static let training = ["train", "--data", "images", "--redraw", "inpainting", "--width", "4"]

    /// A folder with small pictures and, as `painter`, a model that was trained on them for a moment.
    private func folderWithPainter() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        try succeed(Self.training + ["--set", "epochs=1", "--output", "painter"], in: folder)
        return folder
    }

    @discardableResult
    private func succeed(_ arguments: [String], in folder: TemporaryFolder) throws -> Binary.Result {
        let result = try Binary.run(arguments, in: folder.url)
        #expect(result.status == 0, "\(arguments): \(result.error)")
        return result
    }

    private func image(_ name: String, in folder: TemporaryFolder) throws -> Image {
        try Image(contentsOf: folder.url.appending(path: name))
    }

    @Test func onePictureIsRedrawnInTheMiddleAlone() throws {
        let folder = try folderWithPainter()
        let picture = Image(width: 8, height: 8, channels: 1, pixels: (0..<64).map { UInt8($0 * 3) })
        try Data(picture.png()).write(to: folder.url.appending(path: "one.png"))
        let command = ["generate", "--model", "painter", "--image", "one.png", "--output"]
        try succeed(command + ["drawn.png"], in: folder)
        let drawn = try image("drawn.png", in: folder).with(channels: 1)
        let isInside = (0..<64).map { (2..<6).contains($0 / 8) && (2..<6).contains($0 % 8) }
        #expect(zip(drawn.pixels, picture.pixels).enumerated().allSatisfy { isInside[$0] || $1.0 == $1.1 })
        #expect(zip(drawn.pixels, picture.pixels).enumerated().contains { isInside[$0] && $1.0 != $1.1 })

        try succeed(command + ["row.png", "--side-by-side"], in: folder)
        let row = try image("row.png", in: folder)
        #expect((row.width, row.height) == (24, 8))
    }

    @Test func aPictureOfAnotherSizeIsBroughtToTheModelsAndThatIsSaid() throws {
        let folder = try folderWithPainter()
        let picture = Image(width: 9, height: 5, channels: 3, pixels: (0..<135).map { UInt8($0) })
        try Data(picture.png()).write(to: folder.url.appending(path: "odd.png"))
        let result = try succeed(
            ["generate", "--model", "painter", "--image", "odd.png", "--output", "drawn.png", "--json"], in: folder)
        #expect(result.error == "unlearn: Note: 'odd.png' has 9 × 5 pixels and was brought to the model's 8 × 8.\n")
        #expect(try result.json.text() == #"{"output":"drawn.png","width":8,"height":8}"#)
    }

    @Test func whatCannotBeRedrawnIsSaidAndNothingIsWritten() throws {
        let folder = try folderWithPainter()
        try folder.write("no picture", "text.png")
        try succeed(["train", "--data", "images", "--width", "4", "--set", "epochs=1", "--output", "eye"], in: folder)
        let generate = ["generate", "--image", "text.png", "--output", "drawn.png", "--model"]
        for (arguments, status, sentence) in [
            (generate + ["painter"], 65, "it is neither JPEG nor PNG"),
            (generate + ["eye"], 64, "is no model that redraws pictures"),
            (["generate", "--model", "painter", "--prompt", "Hello"], 64, "redraws pictures and reads no text"),
            (
                ["generate", "--model", "painter", "--image", "text.png"], 64,
                "the file for the redrawn one with --output"
            ),
            (generate.dropLast() + ["--output", "none/x.png", "--model", "painter"], 64, "there is no such folder"),
        ] {
            let result = try Binary.run(Array(arguments), in: folder.url)
            #expect(result.status == status && result.error.contains(sentence), "\(arguments): \(result.error)")
        }
        #expect(try !folder.names.contains("drawn.png"))
    }

    @Test func imagesThatTheModelWasNotMadeForAreRefused() throws {
        let folder = try folderWithPainter()
        let result = try Binary.run(
            "forget", "--model", "painter", "--forget-class", "2", "--data", "images", "--image-size", "10", "--output",
            "run", in: folder.url)
        #expect(result.error.contains("it reads 8 × 8 pixels with 1 channel(s), and these have 10 × 10"))
        #expect(result.status == 65)
        #expect(!FileManager.default.fileExists(atPath: folder.url.path + "/run/model"))
    }

    @Test func aControlIsMeasuredAndShownBesideTheOthers() throws {
        let folder = try folderWithPainter()
        try succeed(
            Self.training + ["--set", "epochs=1", "--forget-class", "2", "--without-forgotten", "--output", "control"],
            in: folder)
        let result = try succeed(
            [
                "forget", "--model", "painter", "--forget-class", "2", "--control", "control", "--set", "leastSteps=2",
                "--output", "run", "--json",
            ], in: folder)
        let report = try result.json
        let ratio = report["metrics"]?.array?.first { $0["name"]?.string == "psnr" && $0["split"]?.string == "forget" }
        #expect(ratio?["control"]?["value"]?.double != ratio?["before"]?["value"]?.double)
        let classes = report["redrawn"]?["classes"]?.array ?? []
        #expect(classes.map { $0["className"]?.string } == ["2", "0", "1", "2"])
        #expect(classes.allSatisfy { $0["metric"]?["control"]?["value"]?.double?.isFinite == true })
        // The mean over classes, weighted by their pictures, is the split's.
        let kept = classes[1...2].map { $0["metric"]?["after"] ?? .null }
        let counts = kept.map { Double($0["n"]?.int ?? 0) }
        let mean = zip(kept, counts).reduce(0) { $0 + ($1.0["value"]?.double ?? 0) * $1.1 } / counts.reduce(0, +)
        let whole = report["metrics"]?.array?.first { $0["name"]?.string == "psnr" && $0["split"]?.string == "retain" }
        #expect(abs(mean - (whole?["after"]?["value"]?.double ?? 0)) < 1e-9)
        let page = try String(contentsOf: folder.url.appending(path: "run/report.html"), encoding: .utf8)
        #expect(page.contains("alt=\"control\"") && page.contains("a model that never learnt what is to be forgotten"))
    }

    /// What stands in for pictures to keep is trained on, said and remembered; what is measured is the user's own.
    @Test func otherPicturesStandInForThoseToKeep() throws {
        let folder = try folderWithPainter()
        func copy(_ name: String, pixel: (UInt8) -> UInt8) throws {
            let target = folder.url.appending(path: name)
            try FileManager.default.copyItem(at: folder.url.appending(path: "images"), to: target)
            let file = target.appending(path: "train-images-idx3-ubyte")
            let bytes = [UInt8](try Data(contentsOf: file))
            try Data(bytes[..<16] + bytes[16...].map(pixel)).write(to: file)
        }
        try copy("others") { 255 - $0 }
        try copy("same") { $0 }
        let forget = ["forget", "--model", "painter", "--forget-class", "2", "--set", "leastSteps=4", "--json"]
        let own = try succeed(forget + ["--output", "own"], in: folder)
        let proxy = try succeed(forget + ["--output", "run", "--proxy", "others"], in: folder)
        #expect(try own.json["provenance"]?["resultHash"] != proxy.json["provenance"]?["resultHash"])
        #expect(!proxy.error.contains("Note:"))
        let sentence =
            "Instead of the pictures to keep, 120 others were trained on, those of 'others' (--proxy). What is kept was "
            + "measured on pictures to keep all the same."
        #expect(try proxy.json["limits"]?.array?.contains(.string(sentence)) == true)
        func before(_ run: Binary.Result) throws -> [JSONValue] {
            try #require(run.json["metrics"]?.array).map { [$0["name"] ?? .null, $0["before"] ?? .null] }
        }
        #expect(try before(own) == before(proxy))
        let files = try proxy.json["provenance"]?["dataFiles"]?.array?.compactMap { $0["path"]?.string }
        #expect(files == ["images (pixels)", "others (pixels)"])
        let same = try succeed(forget + ["--output", "copies", "--proxy", "same"], in: folder)
        #expect(same.error.contains("are the same, pixel by pixel, as what is to be forgotten, first 'same/"))

        let colourful = folder.url.appending(path: "colourful")
        try FileManager.default.createDirectory(at: colourful, withIntermediateDirectories: true)
        for index in 0..<6 {
            let picture = Image(
                width: 8, height: 8, channels: 3, pixels: (0..<192).map { UInt8(($0 * 7 + index) % 256) })
            try Data(picture.png()).write(to: colourful.appending(path: "\(index).png"))
        }
        let grey = try succeed(forget + ["--output", "grey", "--proxy", "colourful"], in: folder)
        #expect(try before(own) == before(grey))
    }

    @Test func picturesThatCannotStandInAreRefused() throws {
        let folder = try folderWithPainter()
        let picture = Image(width: 9, height: 5, channels: 3, pixels: (0..<135).map { UInt8($0) })
        let others = folder.url.appending(path: "others")
        try FileManager.default.createDirectory(at: others, withIntermediateDirectories: true)
        try Data(picture.png()).write(to: others.appending(path: "odd.png"))
        let result = try Binary.run(
            "forget", "--model", "painter", "--forget-class", "2", "--proxy", "others", "--output", "run",
            in: folder.url)
        #expect(
            folder.relative(result.error)
                == "unlearn: Option 'proxy' has an impossible value: the pictures in 'others' have 9 × 5 pixels, "
                + "and those that the model redraws have 8 × 8 pixels. Correct its value.\n")
        #expect(result.status == 64)
    }

    @Test func killedRunsGoOnToTheSameModel() throws {
        let folder = try folderWithPainter()
        let forget = [
            "forget", "--model", "painter", "--forget-class", "2", "--set", "leastSteps=60", "--set", "batchSize=4",
        ]
        let whole = try succeed(forget + ["--output", "whole", "--json"], in: folder)
        let status = try Binary.interrupt(forget + ["--output", "run"], in: folder, with: SIGKILL) {
            folder.lines("run/events.jsonl") > 20
        }
        #expect(status == SIGKILL)
        #expect(!FileManager.default.fileExists(atPath: folder.url.path + "/run/model"))
        let resumed = try succeed(["resume", "run", "--json"], in: folder)
        let hashes = try [whole, resumed].map { try $0.json["provenance"]?["resultHash"]?.string }
        #expect(hashes[0] != nil && hashes[0] == hashes[1])
    }
}
