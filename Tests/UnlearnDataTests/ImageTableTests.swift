// Tables of labels: RFC 4180, the line that each mistake is on, and files that are listed more than once.

import Foundation
import Testing

@testable import UnlearnData

@Suite struct CSVTests {
    private func rows(_ text: String) throws -> [[String]] {
        var (rows, found) = (CSVRows(text), [[String]]())
        while let row = try rows.next() { found.append(row.cells) }
        return found
    }

    /// RFC 4180, section 2, whose numbers the comments name.
    @Test func rowsAreThoseOfRFC4180() throws {
        #expect(try rows("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n") == [["aaa", "bbb", "ccc"], ["zzz", "yyy", "xxx"]])  // 1
        #expect(try rows("aaa,bbb,ccc\r\nzzz,yyy,xxx") == [["aaa", "bbb", "ccc"], ["zzz", "yyy", "xxx"]])  // 2
        #expect(try rows("\"aaa\",\"bbb\",ccc\r\n") == [["aaa", "bbb", "ccc"]])  // 5
        #expect(try rows("\"aaa\",\"b\r\nbb\",\"c,c\"\r\nx,y,z") == [["aaa", "b\r\nbb", "c,c"], ["x", "y", "z"]])  // 6
        #expect(try rows("\"aaa\",\"b\"\"bb\",\"\"\"\"") == [["aaa", "b\"bb", "\""]])  // 7
    }

    @Test func beyondItSpacesAndBlankLinesAreForgiven() throws {
        #expect(try rows(" a , \" b \" ,\tc\n\n  \nd,,\n") == [["a", " b ", "c"], ["d", "", ""]])
        #expect(try rows("a\rb\nc\u{2028}d\u{85}e") == [["a"], ["b"], ["c\u{2028}d\u{85}e"]])
        #expect(try rows("a \"b\" c,d\"e") == [["a \"b\" c", "d\"e"]])
        #expect(try rows("") == [] && rows("\n\r\n") == [] && rows(",") == [["", ""]])
    }

    @Test func aQuoteThatIsNotClosedIsFound() {
        for (text, line) in [("a,b\n\"c\nd", 2), ("\"", 1), ("\"a\nb\"\n\"c\"\"\n", 3), ("a\n\"b\" c\n", 2)] {
            let error = #expect(throws: CSVRows.Problem.self, "\(text)") { try self.rows(text) }
            #expect(error?.line == line)
        }
    }
}

@Suite struct LabelTableTests {
    /// Pictures x.png, y.png and z/x.png, and a table of them.
    private func folder(_ table: String) throws -> ImageFolder {
        let folder = try ImageFolder.pictures("x.png", "y.png", "z/x.png", "p, \"3\".png", "p..3.png", "p\n3.png")
        try folder.write(table, "labels.csv")
        return folder
    }

    private func problem(_ table: String) throws -> String? {
        let folder = try folder(table)
        let error = #expect(throws: DataError.self) { try folder.read() }
        return error?.description.replacing(folder.path("labels.csv"), with: "T").replacing(folder.url.path, with: "F")
    }

    @Test func namesAndLabelsMayHoldAnything() throws {
        let set = try folder(
            "\u{FEFF}\"file\",\"label\"\r\n\"p, \"\"3\"\".png\",\"old, but \"\"good\"\"\"\r\np..3.png,young\r\n"
                + "\"p\n3.png\",\"old, but \"\"good\"\"\""
        ).read()
        #expect(set.names == ["p, \"3\".png", "p..3.png", "p\n3.png"])
        #expect(set.classNames == ["old, but \"good\"", "young"] && set.labels == [0, 1, 0])
    }

    @Test func aFileThatIsListedTwiceCountsOnce() throws {
        let folder = try folder("file,label\nx.png,a\ny.png,b\n./x.png,a\nz//x.png,a\nlink/./x.png,a\ny.png,b\n")
        try folder.link("link", to: ".")
        let set = try folder.read()
        #expect(set.names == ["x.png", "y.png", "z/x.png"] && set.labels == [0, 1, 0])
        #expect(set.otherNames == ["x.png": 0, "link/x.png": 0, "y.png": 1])
        #expect(
            set.notices.last?.description
                == "3 times a file is listed again, first 'x.png'. Each file counts once.")
    }

    @Test func picturesThatAreNotListedAreCounted() throws {
        let folder = try ImageFolder.pictures("x.png", "y.png", "z/x.png", ".hidden.png", "z/w.webp")
        try folder.write("", "notes.txt")
        try folder.link("link.png", to: "x.png")
        func notices(_ table: String) throws -> [String] {
            try folder.write(table, "labels.csv")
            return try folder.read().notices.map { $0.description.replacing(folder.path("labels.csv"), with: "T") }
        }
        #expect(
            try notices("file,label\nx.png,a\n") == [
                "3 pictures below the folder of 'T' are not listed there and left out, first 'y.png'."
            ])
        #expect(
            try notices("file,label\nx.png,a\n./y.png,b\nz/x.png,b\n") == [
                "1 picture below the folder of 'T' is not listed there and left out: 'z/w.webp'."
            ])
        try FileManager.default.removeItem(atPath: folder.path("z/w.webp"))
        #expect(try notices("file,label\nlink.png,a\ny.png,b\nz/x.png,b\n") == [])
    }

    @Test func twoLabelsForOneFileAreRefused() throws {
        #expect(
            try problem("file,label\nx.png,a\ny.png,b\n./x.png,b\n")
                == "One file in 'F' has two labels: 'x.png' is 'a' (line 2), and 'x.png' is 'b' (line 4). Give it one "
                + "label.")
        #expect(try folder("file,label\nx.png,a\nz/x.png,b\n").read().labels == [0, 1])
    }

    @Test func mistakesNameTheLineOnWhichARowBegins() throws {
        let advice = ". Write a line with the names 'file' and 'label', then one line for each image."
        for (table, sentence) in [
            ("file,label\n\"x.png\",\"a\nb\"\n../x.png,a\n", "'T', line 4: '../x.png' is no file below the folder"),
            ("file,label\nz/../x.png,a\n", "'T', line 2: 'z/../x.png' is no file below the folder"),
            ("file,label\n/x.png,a\n", "'T', line 2: '/x.png' is no file below the folder"),
            ("file,label\n.,a\n", "'T', line 2: '.' is no file below the folder"),
            ("file,label\nx.png,\n", "'T', line 2: 'x.png' has no label"),
            ("file,label\nx.png\n", "'T', line 2: a cell is missing"),
            ("file,label\r\n\"x.png,a\r\n", "'T', line 2: a quote is not closed"),
            ("file;label\n", "'T', line 1: there are no columns 'file' and 'label'"),
            (
                "file,label\nx.png,old, or young\n",
                "'T', line 2: there are 3 cells under 2 names; put quotes around a cell with a comma"
            ),
        ] { #expect(try problem(table) == sentence + advice) }
    }

    @Test func emptyCellsMayFollow() throws {
        #expect(try folder("file,label\nx.png,a,,\ny.png,b,\n").read().count == 2)
    }
}
