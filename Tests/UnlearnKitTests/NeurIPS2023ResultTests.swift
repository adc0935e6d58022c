// The rows, the table and the plot of the challenge, from outcomes written by hand.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnKit

@Suite struct NeurIPS2023ResultTests {
    /// A model with the given φ of two forget images.
    private func record(_ logits: [Double], retain: Double, test: Double, seconds: Double) throws -> ModelRecord {
        let json: JSONValue = [
            "settings": "", "seconds": .double(seconds),
            "outcome": [
                "logits": .array(logits.map { .double($0) }), "forgetLosses": [0.1, 0.2], "unseenLosses": [1.1, 1.2],
                "forgetChoices": [1, 1], "shown": [["place": 0, "choice": 1, "confidence": 0.75]],
                "forgetAccuracy": 0.5, "retainAccuracy": .double(retain), "testAccuracy": .double(test),
            ],
        ]
        return try json.decode(ModelRecord.self)
    }

    private func rows() throws -> [NeurIPS2023Row] {
        let retrained = try [[0, 8], [1, 9]].map { try record($0, retain: 0.8, test: 0.5, seconds: 10) }
        let unlearned = try [[0, 0], [1, 1]].map { try record($0, retain: 0.6, test: 0.4, seconds: 2) }
        let reference = NeurIPS2023Row("retrained", retrained, retrainingSeconds: 10)
        var row = NeurIPS2023Row("fine-tune", unlearned, retrainingSeconds: 10)
        row.compare(unlearned, with: retrained, reference)
        return [reference, row]
    }

    @Test func theScoreIsQualityTimesBothUtilityRatios() throws {
        let row = try rows()[1]
        // ε = 0 for the first image and 50 for the second: F = (1 + 0) / 2. Ratios .6 / .8 and .4 / .5.
        #expect(abs(try #require(row.quality) - 0.5) < 1e-12)
        #expect(abs(try #require(row.score) - 0.5 * 0.75 * 0.8) < 1e-12)
        #expect(row.epsilons == [0, 50])
        #expect(abs(row.shareOfRetraining - 0.2) < 1e-12)
        #expect(try rows()[0].quality == nil)
    }

    @Test func theTableHoldsEveryFigure() throws {
        let result = NeurIPS2023Result(
            forgetCount: 2, retainCount: 8, testCount: 2, classes: 2, parameters: 100, workers: 1, rows: try rows(),
            peakMemoryBytes: 0)
        let lines = result.markdown.split(separator: "\n")
        #expect(
            lines[0]
                == "| method | models | F | 95 % | score | forget | retain | test | attack | seconds | of retraining |")
        #expect(lines[2].hasPrefix("| retrained | 2 |  |  |  | 0.500 | 0.800 | 0.500 |"))
        #expect(lines[3].hasPrefix("| fine-tune | 2 | 0.5000 | "))
        #expect(lines[3].hasSuffix("| 2.00 | 20.0 % |"))
        #expect(result.table.split(separator: "\n").count == 4)
    }

    @Test func thePlotNamesEveryMethod() throws {
        let svg = MethodPlot(try rows()).svg
        #expect(svg.hasPrefix("<svg xmlns=") && svg.hasSuffix("</svg>\n"))
        #expect(svg.contains(">fine-tune</text>") && !svg.contains(">retrained</text>"))
    }

    @Test func namesOfPointsAtOnePlaceStandApart() throws {
        let rows = try rows()
        let svg = MethodPlot(rows + rows.suffix(1)).svg
        let names = svg.split(separator: "\n").filter { $0.contains(">fine-tune</text>") }
        #expect(names.count == 2 && names[0] != names[1])
    }
}
