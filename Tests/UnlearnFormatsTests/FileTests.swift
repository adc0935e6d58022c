// Mapping files, and output that appears complete or not at all.
import Foundation
import Testing
import UnlearnFormats

struct FileTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    @Test func aMappedFileHasTheFilesBytes() throws {
        let file = try MappedFile(try folder.write([1, 2, 3]))
        #expect(Array(file.bytes) == [1, 2, 3])
        #expect(file.count == 3)
    }

    @Test func aFileReadInPartsIsReadWholeAndCanBeReadAgain() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let file = try MappedFile(try folder.write(bytes))
        var parts: [[UInt8]] = []
        file.forEachPart(byteCount: 30_000) { parts.append(Array($0)) }
        #expect(parts.map(\.count) == [30_000, 30_000, 30_000, 10_000])
        #expect(parts.flatMap(\.self) == bytes)
        #expect(Array(file.bytes) == bytes)
    }

    @Test func whatCannotBeMappedIsExplained() throws {
        let missing = folder.file("missing")
        let empty = try folder.write([], "empty")
        #expect(
            error { _ = try MappedFile(missing) }?.description
                == "'\(missing.path)' does not exist; expected a file. Check the path.")
        #expect(
            error { _ = try MappedFile(folder.url) }?.description
                == "'\(folder.url.path)' is not a regular file. Give the path of a file.")
        #expect(error { _ = try MappedFile(empty) }?.description == "'\(empty.path)' is empty. Get the file again.")
    }

    /// Nobody writes to the pipe: who waits for it waits for ever.
    @Test(.timeLimit(.minutes(1))) func pipesAndDevicesAreNoFiles() throws {
        let pipe = folder.file("pipe.safetensors")
        #expect(mkfifo(pipe.path, 0o600) == 0)
        for url in [pipe, URL(filePath: "/dev/null"), URL(filePath: "/dev/zero")] {
            #expect(error { _ = try MappedFile(url) } == .notAFile(path: url.path))
            #expect(error { _ = try TextFile.read(url) } == .notAFile(path: url.path))
        }
    }

    @Test func aFileIsReplacedWhole() throws {
        let url = folder.file("a.txt")
        try AtomicFile.write("old", to: url)
        try AtomicFile.write("new", to: url)
        #expect(try String(contentsOf: url, encoding: .utf8) == "new")
        #expect(try folder.names == ["a.txt"])
    }

    @Test func writingIntoAMissingFolderIsExplained() {
        let url = folder.file("gone/a.txt")
        #expect(
            error { try AtomicFile.write("x", to: url) }?.description
                == "Cannot create '\(url.path)': No such file or directory.")
    }

    @Test func aFolderAppearsOnlyWhenCommitted() throws {
        let destination = folder.file("deep/run")
        let directory = try AtomicDirectory(destination)
        try AtomicFile.write("x", to: directory.url.appendingPathComponent("a.txt"))
        #expect(!FileManager.default.fileExists(atPath: destination.path))
        try directory.commit()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("deep").path) == ["run"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: destination.path) == ["a.txt"])
    }

    @Test func anAbandonedFolderIsRemoved() throws {
        do { _ = try AtomicDirectory(folder.file("run")) }
        #expect(try folder.names.isEmpty)
    }

    @Test func anExistingFolderIsKept() throws {
        let destination = folder.file("run")
        let directory = try AtomicDirectory(destination)
        try FileManager.default.createDirectory(at: destination, withIntermediateDirectories: false)
        let sentence = "'\(destination.path)' already exists. Choose another name or remove it."
        #expect(error { try directory.commit() }?.description == sentence)
        #expect(error { _ = try AtomicDirectory(destination) }?.description == sentence)
    }

    @Test func whatTheSystemRefusesComesWithAdvice() {
        let full = CocoaError(.fileWriteOutOfSpace)
        #expect(
            FormatError.refused("write", "a.txt", full).description
                == "Cannot write 'a.txt': No space left on device. Free some space there, or choose another place.")
        let readOnly = CocoaError(.fileWriteVolumeReadOnly)
        #expect(
            FormatError.refused("create the folder", "runs", readOnly).description
                == "Cannot create the folder 'runs': Read-only file system. Choose another place, or change its "
                + "permissions.")
        let memory = NSError(domain: NSPOSIXErrorDomain, code: Int(ENOMEM))
        #expect(
            FormatError.refused("map", "a.bin", memory).description
                == "Cannot map 'a.bin': Cannot allocate memory. Give the program more memory, or take a smaller model.")
    }

    /// What a process left that was killed while it wrote is removed by the next one that writes the same.
    @Test func whatAnEndedProcessLeftIsRemoved() throws {
        let destination = folder.file("run")
        let own = try AtomicDirectory(destination).url.lastPathComponent.split(separator: ".").map(String.init)
        #expect(own.count == 5 && own[3] == "\(getpid())")
        // No process has a number so large.
        let left =
            [own[2], "elsewhere"].map { ".run.abc.\($0).2147483000.partial" } + [
                ".run.abc.\(own[2]).\(getppid()).partial"
            ]
        for name in left {
            try FileManager.default.createDirectory(at: folder.file(name), withIntermediateDirectories: true)
        }
        try AtomicDirectory(destination).commit()
        #expect(try folder.names == ([left[1], left[2], "run"]).sorted())
    }
}
