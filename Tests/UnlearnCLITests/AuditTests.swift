// `unlearn audit`: a run is attacked, its model stays as it is, and what is wrong is said.

import Foundation
import Testing
import UnlearnFormats

@Suite struct AuditTests {
    private static let redraw = ["train", "--data", "images", "--redraw", "inpainting", "--width", "4"]
    private static let quick = [
        "--set", "relearning.pictures=[4]", "--set", "relearning.steps=6", "--set", "relearning.parts=[encoder]",
        "--set",
        "decoder-probe.steps=3",
    ]

    /// A folder with small pictures, a model that was trained on them, and the run `forgot`.
    private func folderWithRun() throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        for arguments in [
            Self.redraw + ["--set", "epochs=2", "--output", "painter"],
            Self.redraw + [
                "--set", "epochs=2", "--without-forgotten", "--forget-class", "2", "--output", "control",
            ],
            ["forget", "--model", "painter", "--forget-class", "2", "--set", "leastSteps=8", "--output", "forgot"],
        ] {
            let result = try Binary.run(arguments, in: folder.url)
            #expect(result.status == 0, "\(arguments): \(result.error)")
        }
        return folder
    }

    @Test func everyAttackIsMadeAndTheModelStaysAsItIs() throws {
        let folder = try folderWithRun()
        let model = folder.url.appending(path: "forgot/model/model.safetensors")
        let before = try Data(contentsOf: model)
        let result = try Binary.run(
            ["audit", "forgot", "--control", "control", "--json"] + Self.quick, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(try Data(contentsOf: model) == before)
        let attacks = try #require(result.json["attacks"]?.array)
        #expect(attacks.map { $0["name"]?.string } == ["membership-attack", "relearning", "decoder-probe"])
        for attack in attacks {
            for key in ["before", "after", "attacked", "control"] {
                #expect(attack[key]?["value"]?.double?.isFinite == true, "\(attack.text())")
            }
        }
        let curves = try #require(attacks[1]["curves"]?.array)
        #expect(curves.map { $0["model"]?.string } == ["before", "after", "control"])
        #expect(curves[0]["points"]?.array?.map { $0["step"]?.int } == [0, 5, 6])
        #expect(
            curves[1]["points"]?.array?.first?["figure"]?["value"]?.double == attacks[1]["after"]?["value"]?.double)
        let verdict = try #require(try result.json["verdict"]?.string)
        #expect(["held", "broken", "inconclusive"].contains(verdict))
        #expect(try JSONValue(contentsOf: folder.url.appending(path: "forgot/audit.json")) == result.json)
        let page = try String(contentsOf: folder.url.appending(path: "forgot/audit.html"), encoding: .utf8)
        #expect(page.contains("<polyline class=\"curves control\"") && !page.contains("https:"))
        // The membership of the report is the same figure.
        let report = try JSONValue(contentsOf: folder.url.appending(path: "forgot/report.json"))
        let metric = try #require(report["metrics"]?.array?.first { $0["name"]?.string == "membership-attack" })
        #expect(metric["split"]?.string == "forget" && metric["unit"]?.string == "area under the curve")
        let (shown, found) = (metric["after"]?["value"]?.double, attacks[0]["after"]?["value"]?.double)
        #expect(abs(try #require(shown) - (try #require(found))) < 1e-6)
    }

    @Test func oneAttackAloneNeedsNoControl() throws {
        let folder = try folderWithRun()
        let result = try Binary.run(
            ["audit", "forgot", "--only", "relearning", "--json"] + Self.quick, in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        let attacks = try #require(result.json["attacks"]?.array)
        #expect(attacks.count == 1 && attacks[0]["control"]?.isNull == true && attacks[0]["excess"]?.isNull == true)
        #expect(try result.json["strongest"]?.string == "relearning (4 pictures, encoder)")
    }

    @Test func whatCannotBeAttackedIsSaid() throws {
        let folder = try folderWithRun()
        func sentence(_ arguments: String...) throws -> String {
            let result = try Binary.run(["audit"] + arguments, in: folder.url)
            #expect(result.status == 64, "\(arguments)")
            return folder.relative(result.error)
        }
        #expect(
            try sentence("forgot", "--only", "relearn")
                == "unlearn: There is no attack 'relearn'. Attacks are: relearning, decoder-probe, membership-attack.\n"
        )
        #expect(
            try sentence("painter")
                == "unlearn: The run 'painter' cannot be audited: it trained a model, and nothing was forgotten. Give a run "
                + "of `unlearn forget`.\n")
        #expect(
            try sentence("forgot", "--set", "relearning.step=3").hasPrefix(
                "unlearn: There is no option 'relearning.step'. Did you mean 'relearning.steps'?"))
        try FileManager.default.removeItem(at: folder.url.appending(path: "forgot/model/model.safetensors"))
        try FileManager.default.copyItem(
            at: folder.url.appending(path: "painter/model/model.safetensors"),
            to: folder.url.appending(path: "forgot/model/model.safetensors"))
        #expect(
            try sentence("forgot")
                == "unlearn: The run 'forgot' cannot be audited: its model is not the one that the run made. Bring that "
                + "back.\n")
    }
}
