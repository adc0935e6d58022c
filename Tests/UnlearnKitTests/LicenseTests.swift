// What a model declares of its licence.

import Foundation
import Testing
import UnlearnFormats
import UnlearnKit

@Suite struct LicenseTests {
    @Test(arguments: [
        ("---\nlicense: apache-2.0\ntags:\n  - a\n---\n# A model\n", "apache-2.0"),
        ("\u{FEFF}---\r\nlanguage: en\r\nlicense: \"mit\"\r\n---\r\n", "mit"),
        ("---\nlicense:\n  - mit\n  - cc-by-4.0\n---\n", "mit, cc-by-4.0"),
        ("# A model\n\nlicense: mit\n", nil), ("---\nlicense: mit\n", nil), ("---\nlicense: [\n---\n", nil),
        ("---\nlanguage: en\n---\nlicense: mit\n", nil), ("---\n---\n", nil), ("", nil),
    ])
    func itStandsInTheFrontMatterOfTheCard(_ text: String, _ expected: String?) throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("README.md", text)
        #expect(License.declared(by: folder.url) == expected)
    }

    @Test func noCardDeclaresNone() throws {
        let folder = try TemporaryFolder()
        #expect(License.declared(by: folder.url) == nil)
        #expect(License.declared(by: folder.url.appending(path: "model.gguf")) == nil)
    }

    @Test func aCardThatIsWrittenIsRead() throws {
        let folder = try TemporaryFolder()
        _ = try folder.file("README.md", License.card("other: \"mine\""))
        #expect(License.declared(by: folder.url) == "other: \"mine\"")
    }
}
