// A few damaged files of each format; `swift run -c release UnlearnFuzz --count 1000000` reads many.

import Foundation
import Testing

@Suite struct FuzzTests {
    @Test func aDamagedFileEndsWithASentenceAndNeverWithACrash() throws {
        let folder = try TemporaryFolder()
        let result = try Binary.run(["--count", "400"], in: folder.url, program: "UnlearnFuzz")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.split(separator: "\n").count == 10)
        #expect(try folder.names.isEmpty)
    }

    @Test func anUnknownFormatIsUsage() throws {
        #expect(try Binary.run(["pickle"], program: "UnlearnFuzz").status == 64)
    }
}
