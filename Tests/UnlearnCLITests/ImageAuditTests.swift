// `unlearn audit` on a classifier that forgot a class of small images.

import Foundation
import Testing
import UnlearnFormats
import UnlearnKit

@Suite struct ImageAuditTests {
    @Test func everyAttackIsMadeAndTheModelStaysAsItIs() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        let train = [
            "train", "--data", "images", "--width", "4", "--set", "augmentation.cropBorder=0", "--set", "batchSize=16",
        ]
        for arguments in [
            train + ["--set", "epochs=12", "--output", "model"], train + ["--set", "epochs=1", "--output", "control"],
            [
                "forget", "--model", "model", "--forget-class", "2", "--method", "random-labels", "--set", "epochs=6",
                "--set", "learningRate=0.05", "--set", "batchSize=16", "--output", "forgot",
            ],
        ] {
            let result = try Binary.run(arguments, in: folder.url)
            #expect(result.status == 0, "\(arguments): \(result.error)")
        }
        let model = folder.url.appending(path: "forgot/model/model.safetensors")
        let before = try Data(contentsOf: model)
        let result = try Binary.run(
            ["audit", "forgot", "--control", "control", "--set", "relearning.images=[4,1000]", "--json"],
            in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(try Data(contentsOf: model) == before)
        let report = try result.json.decode(AuditReport.self)
        let made = report.attacks.compactMap(\.result)
        #expect(made.map(\.name) == ["membership-attack", "relearning", "feature-probe"])
        #expect(
            report.attacks.contains(
                .skipped(
                    name: "relearning", form: "1000 images",
                    reason: "There are not so many images to forget and others beside them to measure on.")))
        #expect(made.allSatisfy { $0.control != nil && $0.excess != nil })
        // Recognised before, and not after; unseen images of the class, half of what the probe is asked about.
        #expect(made[1].before.value > 0.8 && made[1].after.value < 0.3)
        #expect(made[1].curves.map { $0.points.map(\.step) } == [[0, 5, 10, 20], [0, 5, 10, 20], [0, 5, 10, 20]])
        #expect(made[2].before.value > 0.8 && made[2].after.value < 0.7 && made[2].before.n == 20)
        // Three brightnesses: a line tells them apart whatever the last layer says.
        #expect(try #require(made[2].attackedBefore).value > 0.8)
    }

    @Test func whereNoWholeClassIsForgottenNoneIsProbed() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        for arguments in [
            ["train", "--data", "images", "--width", "4", "--set", "epochs=1", "--output", "model"],
            ["forget", "--model", "model", "--forget-share", "0.3", "--set", "epochs=1", "--output", "forgot"],
        ] {
            let result = try Binary.run(arguments, in: folder.url)
            #expect(result.status == 0, "\(arguments): \(result.error)")
        }
        let result = try Binary.run("audit", "forgot", "--only", "feature-probe", "--json", in: folder.url)
        #expect(result.status == 0, "\(result.error)")
        #expect(
            try result.json["attacks"]?.text()
                == #"[{"name":"feature-probe","form":"","skipped":"No whole class was to be forgotten that could be told apart."}]"#
        )
    }
}
