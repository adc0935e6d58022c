// The challenge from the command line.

import Foundation
import Testing
import UnlearnFormats

@Suite struct BenchmarkTests {
    @Test func scoresOfAFileAreJudged() throws {
        let folder = try TemporaryFolder()
        // Example 1: not to be told apart, ε = 0; example 2: fully told apart, ε = 50. F = (1 + 2/2¹⁰¹) / 2.
        try folder.write(#"{"unlearned": [[0, 0], [1, 1]], "retrained": [[0, 8], [1, 9]]}"#, "scores.json")
        let result = try Binary.run(
            "benchmark", "neurips2023", "--from-scores", "scores.json", "--json", in: folder.url)
        #expect(result.output == "{\"F\":0.5,\"epsilon\":[0.0,50.0]}\n")
        #expect(result.status == 0)
        let text = try Binary.run("benchmark", "neurips2023", "--from-scores", "scores.json", in: folder.url)
        #expect(text.output == "F 0.5000\n")
    }

    @Test(arguments: [
        (
            #"{"unlearned": [[0, 0], [1]], "retrained": [[0, 8]]}"#,
            "model 2 of 'unlearned' has 1 examples, the first one of 'unlearned' 2"
        ),
        (
            #"{"unlearned": [[1], [2]], "retrained": [[3], [1e300]]}"#,
            "model 2 of 'retrained' has a score beyond ±10000"
        ),
    ])
    func scoresThatCannotBeAreRefused(text: String, problem: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(text, "scores.json")
        let result = try Binary.run("benchmark", "neurips2023", "--from-scores", "scores.json", in: folder.url)
        #expect(
            folder.relative(result.error) == """
                unlearn: 'scores.json' holds no scores: \(problem). Write it as \
                {"unlearned": [[model × example]], "retrained": [[model × example]]}.

                """)
        #expect(result.status == 65)
    }

    /// Models of other pixels or of another version are not compared with each other.
    @Test func modelsOfOtherPixelsAreNotGoneOnWith() throws {
        let folder = try TemporaryFolder()
        try SmallImages.write(folder)
        let arguments = [
            "benchmark", "neurips2023", "--data", "images", "--width", "4", "--models", "2", "--workers", "1", "--set",
            "training.epochs=0.2", "--set", "fine-tune.epochs=0.2", "--output", "compared",
        ]
        let first = try Binary.run(arguments, in: folder.url)
        #expect(first.status == 0, "\(first.error)")
        #expect(try Binary.run(arguments, in: folder.url).output == first.output)
        let record = folder.url.appending(path: "compared/benchmark.json")
        let text = try String(contentsOf: record, encoding: .utf8)
        func sentence() throws -> String { folder.relative(try Binary.run(arguments, in: folder.url).error) }
        try Data(text.replacing("\"toolVersion\": \"0.1.0\"", with: "\"toolVersion\": \"0.0.9\"").utf8).write(
            to: record)
        #expect(
            try sentence().hasPrefix("unlearn: The run 'compared' cannot go on: this program's version is not what "))
        try Data(text.utf8).write(to: record)
        let images = folder.url.appending(path: "images/train-images-idx3-ubyte")
        var bytes = try Data(contentsOf: images)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: images)
        #expect(
            try sentence().hasPrefix("unlearn: The run 'compared' cannot go on: the data is not what it started with."))
    }
}
