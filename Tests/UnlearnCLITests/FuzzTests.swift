// A few damaged files of each format; `swift run -c release UnlearnFuzz --count 1000000` reads many.

import Foundation
import Testing

@Suite struct FuzzTests {
    @Test func aDamagedFileEndsWithASentenceAndNeverWithACrash() throws {
        let folder = try TemporaryFolder()
        let result = try Binary.run(["--count", "400"], in: folder.url, program: "UnlearnFuzz")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.split(separator: "\n").count == 25)
        #expect(try folder.names.isEmpty)
    }

    /// Files in Tests/Corpus/FORMAT once crashed the reader of that format.
    @Test func whatOnceCrashedAReaderEndsWithASentence() throws {
        let corpus = TinyModel.packageRoot.appending(path: "Tests/Corpus")
        let result = try Binary.run(["--corpus", corpus.path], program: "UnlearnFuzz")
        #expect(result.status == 0, "\(result.output)")
        let formats = try FileManager.default.contentsOfDirectory(atPath: corpus.path).sorted()
        #expect(!formats.isEmpty)
        for format in formats {
            let files = try FileManager.default.contentsOfDirectory(atPath: corpus.appending(path: format).path)
            #expect(result.output.contains("\(format): \(files.count) inputs"), "\(result.output)")
        }
    }

    @Test func anUnknownFormatIsUsage() throws {
        #expect(try Binary.run(["pickle"], program: "UnlearnFuzz").status == 64)
    }
}
