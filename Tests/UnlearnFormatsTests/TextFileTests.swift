// Text files of users: the byte-order mark, other encodings, and where a line ends.
import Foundation
import Testing
import UnlearnFormats

/// The encodings that are not UTF-8, each with and without its mark.
private let otherEncodings: [(encoding: String.Encoding, mark: [UInt8])] = [
    (.utf16LittleEndian, []), (.utf16LittleEndian, [0xFF, 0xFE]), (.utf16BigEndian, []),
    (.utf16BigEndian, [0xFE, 0xFF]),
    (.utf32LittleEndian, []), (.utf32LittleEndian, [0xFF, 0xFE, 0, 0]), (.utf32BigEndian, []),
    (.utf32BigEndian, [0, 0, 0xFE, 0xFF]),
]

struct TextFileTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    private let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    @Test(arguments: ["text", "\n\ntext\n", "\r\ntext", " text", "te\u{FEFF}xt", "é", "[1]"])
    func aMarkIsNoPartOfTheText(text: String) throws {
        let plain = try TextFile.read(try folder.write(Array(text.utf8)))
        let marked = try TextFile.read(try folder.write(mark + text.utf8))
        // Compared as scalars: to Swift a text with a mark inside may be equal to one without.
        #expect(Array(plain.unicodeScalars) == Array(text.unicodeScalars))
        #expect(Array(marked.unicodeScalars) == Array(text.unicodeScalars))
    }

    @Test(arguments: [
        "{\"a\": 1}\n{\"a\": 2}\n", "\r\n{\"a\": 1}\r\n\r\n{\"a\": 2}", "[{\"a\": 1}, {\"a\": 2}]",
        "\n [\n{\"a\": 1},\n{\"a\": 2}]\n",
    ])
    func rowsMayBeginWithAMark(text: String) throws {
        let rows = try JSONLines.read(try folder.write(mark + text.utf8))
        #expect(rows.map(\.value) == [["a": 1], ["a": 2]])
        #expect(rows == (try JSONLines.read(try folder.write(Array(text.utf8)))))
    }

    @Test func aFileOfJSONMayBeginWithAMark() throws {
        #expect(try JSONValue(contentsOf: try folder.write(mark + "{\"a\": 1}".utf8)) == ["a": 1])
    }

    @Test func aMarkAloneIsAnEmptyFile() throws {
        let file = try folder.write(mark)
        #expect(error { _ = try TextFile.read(file) } == .empty(path: file.path))
    }

    @Test(arguments: [
        "The dog was big.\n", "{\"text\": \"The dog was big.\"}\n", "[{\"text\": \"小狗很大。小狗很大。小狗很大。\"}]",
        "file,label\na.png,x\n",
        "model: models/tiny\n", "Lily\nTom\n", "Собака была большая", "สุนัขตัวใหญ่", "कुत्ता बड़ा था और बिल्ली छोटी थी", "小狗很大。",
        "Ça va?",
    ])
    func textInAnotherEncodingIsSaidToBeNoUTF8(text: String) throws {
        for (encoding, mark) in otherEncodings {
            let file = try folder.write(mark + (try #require(text.data(using: encoding))))
            let sentence = "'\(file.path)' is not UTF-8 text. Save it as UTF-8."
            let name = "\(text) in \(encoding) after \(mark)"
            #expect(error { _ = try TextFile.read(file) }?.description == sentence, "\(name)")
        }
    }

    @Test(arguments: ["{\"text\": \"The dog was big.\"}\n", "[{\"text\": \"小狗很大。小狗很大。小狗很大。\"}]"])
    func soIsJSON(text: String) throws {
        for (encoding, mark) in otherEncodings {
            let file = try folder.write(mark + (try #require(text.data(using: encoding))))
            #expect(error { _ = try JSONValue(contentsOf: file) } == .notUTF8(path: file.path))
            #expect(error { _ = try JSONLines.read(file) } == .notUTF8(path: file.path))
        }
    }

    @Test func latin1IsNoUTF8Either() throws {
        let file = try folder.write(Array("Na".utf8) + [0xEF] + Array("ve".utf8))
        #expect(error { _ = try TextFile.read(file) } == .notUTF8(path: file.path))
    }

    @Test(arguments: [
        "a\u{B}b\u{C}c\u{1C}d\u{1D}e\u{1E}f", "\u{1B}[1mbold\u{1B}[0m", "a\u{1}b", "a\nb\nc\nd\n", "\t\t\t\tx",
    ])
    func controlCharactersAreText(text: String) throws {
        #expect(try TextFile.read(try folder.write(Array(text.utf8))) == text)
    }

    @Test func onlyLineFeedsEndLines() {
        // The other characters at which Python's str.splitlines cuts, and the old Macintosh's end of a line.
        let separators = ["\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}", "\r"]
        for separator in separators {
            #expect("a\(separator)b\nc".lines == ["a\(separator)b", "c"], "\(separator.unicodeScalars)")
        }
        #expect("a\r\nb\n\r\n\r\n c\r\n".lines == ["a", "b", "", "", " c", ""])
        #expect("a\r\n".lines.first?.utf8.count == 1)
        #expect("".lines == [""])
    }
}
