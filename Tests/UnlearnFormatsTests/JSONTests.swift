// JSON values, their order, their errors, and JSON lines.
import Foundation
import Testing

@testable import UnlearnFormats

struct JSONTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func keysKeepTheirOrder() throws {
        let text = #"{"z":1,"a":{"y":[true,false,null],"b":-2.5},"m":"é"}"#
        #expect(try JSONValue(parsing: text).text() == text)
        #expect(
            try JSONValue(parsing: text).text(.pretty) == """
                {
                  "z": 1,
                  "a": {
                    "y": [
                      true,
                      false,
                      null
                    ],
                    "b": -2.5
                  },
                  "m": "é"
                }
                """)
        #expect(JSONValue.object([:]).text(.pretty) == "{}")
    }

    @Test func valuesAreReachedThroughSubscripts() throws {
        var value = try JSONValue(parsing: #"{"a":[1,2.0,"x",true,null,3.5]}"#)
        #expect(value["a"]?[0]?.int == 1)
        #expect(value["a"]?[1]?.int == 2)
        #expect(value["a"]?[5]?.int == nil)
        #expect(value["a"]?[0]?.double == 1)
        #expect(value["a"]?[2]?.string == "x")
        #expect(value["a"]?[3]?.bool == true)
        #expect(value["a"]?[4]?.isNull == true)
        #expect(value["a"]?[9] == nil)
        #expect(value["b"] == nil)
        value["b"] = 7
        value["a"] = nil
        #expect(value.text() == #"{"b":7}"#)
    }

    @Test func stringsSurviveEscaping() throws {
        let text = "quote \" slash \\ line \n\r\t bell \u{7} null \u{0} music 𝄞 accent e\u{301}"
        #expect(try JSONValue(parsing: JSONValue.string(text).text()).string == text)
        #expect(try JSONValue(parsing: #""\ud834\udd1e \u00e9 \/ \b\f""#).string == "𝄞 é / \u{8}\u{C}")
    }

    @Test func numbersKeepTheirKind() throws {
        #expect(try JSONValue(parsing: "9223372036854775807") == .int(.max))
        #expect(try JSONValue(parsing: "9223372036854775808") == .double(9_223_372_036_854_775_808))
        #expect(try JSONValue(parsing: "1e-05") == .double(1e-5))
        #expect(JSONValue.double(1e-5).text() == "1e-05")
        #expect(JSONValue.double(5).text() == "5.0")
        #expect(JSONValue.double(.nan).text() == "null")
    }

    @Test(arguments: [
        ("", "line 1, column 1: the text ends before the value"),
        ("{\n  \"a\": 1,\n}", "line 3, column 1: a key in quotation marks is expected"),
        ("[1 2]", "line 1, column 4: ',' or ']' is expected"),
        ("[01]", "line 1, column 4: a number begins with an unneeded zero"),
        ("[1.]", "line 1, column 4: a digit is expected"),
        ("[1e999]", "line 1, column 2: the number 1e999 is too large"),
        ("nul", "line 1, column 1: 'null' is expected"),
        ("NaN", "line 1, column 1: a value is expected"),
        ("\"a", "line 1, column 1: the string has no closing quotation mark"),
        ("\"\\x\"", "line 1, column 3: the escape is not one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"),
        ("\"\\ud834\"", "line 1, column 8: the escape is half of a surrogate pair"),
        ("\"\u{1}\"", "line 1, column 2: a control character must be written as an escape"),
        ("{\"a\":1,\"a\":2}", "line 1, column 8: the key 'a' appears twice"),
        ("1 2", "line 1, column 3: text follows the end of the value"),
    ])
    func mistakesAreFound(text: String, problem: String) {
        #expect(
            error { _ = try JSONValue(parsing: text, path: "x.json") }?.description
                == "JSON file 'x.json' is malformed at \(problem). Correct the file there.")
    }

    @Test func deepNestingIsRefused() {
        let text = String(repeating: "[", count: 100_000)
        #expect(error { _ = try JSONValue(parsing: text) }?.description.contains("nested more than 256 deep") == true)
    }

    @Test func invalidUTF8IsRefused() {
        let data = Data([0x22, 0xC3, 0x28, 0x22])
        #expect(error { _ = try JSONValue(parsing: data) }?.description.contains("not valid UTF-8") == true)
    }

    @Test func swiftValuesComeAndGo() throws {
        struct Options: Codable, Equatable {
            var rate = 0.5
            var steps: [Int] = [1, 2]
            var name: String? = "x"
        }
        let value = try JSONValue(encoding: Options())
        #expect(value.text() == #"{"rate":0.5,"steps":[1,2],"name":"x"}"#)
        #expect(try value.decode(Options.self) == Options())
        let nested: JSONValue = ["a": [1, 2.5, true, nil, "s", ["b": []]]]
        #expect(try JSONValue(encoding: nested) == nested)
        #expect(try nested.decode(JSONValue.self) == nested)
        #expect(
            error { _ = try JSONValue(parsing: #"{"rate":1,"steps":[1,"x"]}"#).decode(Options.self) }?.description
                == "The value at key 'steps.1' cannot be used: it is not of type Int.")
        #expect(
            error { _ = try JSONValue(parsing: #"{"rate":1}"#).decode(Options.self) }?.description
                == "The value at key 'steps' cannot be used: it is missing.")
    }

    @Test func linesAreReadWithTheirNumbers() throws {
        let url = try folder.write(Array("{\"a\":1}\r\n\n  \n[2]\n3".utf8))
        #expect(
            try JSONLines.read(url) == [
                .init(line: 1, value: ["a": 1]), .init(line: 4, value: [2]), .init(line: 5, value: 3),
            ])
    }

    @Test func aMalformedLineIsNamed() throws {
        let url = try folder.write(Array("{\"a\":1}\n{\"a\":}\n".utf8))
        #expect(
            error { _ = try JSONLines.read(url) }?.description
                == "JSON lines file '\(url.path)' is malformed at line 2, column 6: a value is expected. "
                + "Correct the file there.")
    }

    @Test func anArrayIsReadAsRows() throws {
        let url = try folder.write(Array("[\n {\"a\":1},\n\n {\"a\":2}\n]\n".utf8))
        #expect(
            try JSONLines.read(url) == [.init(line: 2, value: ["a": 1]), .init(line: 4, value: ["a": 2])])
        #expect(try JSONLines.read(try folder.write(Array("[]".utf8))).isEmpty)
        let broken = try folder.write(Array("[1,\n2".utf8))
        #expect(error { _ = try JSONLines.read(broken) }?.description.contains("line 2, column 2: ',' or ']'") == true)
    }
}
