// What the tests of this target share: folders that clean up, damaged files in bytes, optional test data.
import Foundation
import Testing
import UnlearnFormats

/// A folder that is removed with its last use.
final class TemporaryFolder {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("unlearn-\(UUID().uuidString)")

    init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(at: url) }

    func file(_ name: String) -> URL { url.appendingPathComponent(name) }

    /// Writes `bytes` to a file and returns its place.
    func write(_ bytes: [UInt8], _ name: String = "file") throws -> URL {
        // Not through Data, which waits for the disk: some tests write a thousand damaged files.
        try? FileManager.default.removeItem(at: file(name))
        let stream = try #require(fopen(file(name).path, "wb"))
        defer { fclose(stream) }
        #expect(fwrite(bytes, 1, bytes.count, stream) == bytes.count)
        return file(name)
    }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() } }
}

/// Bytes put together from little-endian numbers and texts.
struct Bytes {
    var all: [UInt8] = []

    mutating func add(_ value: some FixedWidthInteger) { withUnsafeBytes(of: value.littleEndian) { all += $0 } }
    mutating func add(_ text: String) {
        add(UInt64(text.utf8.count))
        all += text.utf8
    }
}

let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

/// Real models and data, which are not part of the project.
let testData =
    ProcessInfo.processInfo.environment["UNLEARN_TEST_DATA"].map { URL(fileURLWithPath: $0) }
    ?? packageRoot.appendingPathComponent("../shared/data")

func hasTestData(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: testData.appendingPathComponent(path).path)
}

/// The error that `body` throws.
func error(_ body: () throws -> Void) -> FormatError? {
    do {
        try body()
        return nil
    } catch {
        return error as? FormatError
    }
}
