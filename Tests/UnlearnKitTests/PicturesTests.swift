// Which images a report shows, and what it says of them.

import Foundation
import Testing
import UnlearnData

@testable import UnlearnEvaluation
@testable import UnlearnKit

@Suite struct PicturesTests {
    private let images = ImageSet(
        width: 2, height: 2, channels: 1, pixels: (0..<400).map { UInt8($0 % 256) }, labels: (0..<100).map { $0 % 2 },
        names: (0..<100).map { "\($0)" }, classNames: ["shirt", "boot"])

    private func pictures() throws -> Pictures {
        var choice = ForgetChoice()
        choice.share = 0.5
        let splits = try ImageSplits(images, SplitOptions(), choice, seed: 0)
        func model(_ name: String, wrong: Set<Int>) -> PicturedModel {
            PicturedModel(
                name,
                (0..<100).map {
                    Prediction(
                        place: $0, choice: wrong.contains($0) ? 1 - images.labels[$0] : images.labels[$0], confidence: 1
                    )
                }, forgetChoices: wrong.isEmpty ? [20, 20] : [1, 39])
        }
        let changed = Set(splits.forget.suffix(3) + splits.test.prefix(1))
        return Pictures(
            images, splits, [model("before", wrong: []), model("after", wrong: changed)], changing: 1)
    }

    @Test func imagesThatChangedComeFirst() throws {
        let pictures = try pictures()
        #expect(pictures.groups.map(\.split) == [.forget, .retain, .test])
        #expect(pictures.groups.map(\.changed) == [3, 0, 1])
        let forget = pictures.groups[0].pictures
        #expect(forget.count == 12)
        #expect(forget.map { $0.guesses[1].isRight } == (0..<12).map { $0 >= 3 })
        #expect(forget.allSatisfy { $0.guesses[0].isRight && $0.guesses.map(\.model) == ["before", "after"] })
        #expect(Set(forget.map(\.name)).count == 12)
    }

    @Test func destinationsAreSharesOfTheImagesToForget() throws {
        let pictures = try pictures()
        #expect(pictures.destinations.map(\.className) == ["shirt", "boot"])
        #expect(pictures.destinations.map(\.shares) == [[0.5, 0.025], [0.5, 0.975]])
    }
}
