// Pixels of JPEG and PNG files against Pillow's, and what becomes of damaged files.

import Foundation
import Testing
import UnlearnFormats

@testable import UnlearnData

@Suite struct ImageDecodingTests {
    private func golden() throws -> JSONValue {
        try JSONValue(contentsOf: ImageFolder.golden.appending(path: "golden.json"))
    }

    @Test(arguments: [
        ("picture.png", 0), ("palette.png", 0), ("picture.jpg", 2), ("grey.jpg", 2), ("progressive.jpg", 2),
        ("restarts.jpg", 2), ("cmyk.jpg", 2), ("cmyk-progressive.jpg", 2), ("cmyk-plain.jpg", 2), ("ycck.jpg", 2),
    ])
    func pixelsEqualPillows(name: String, tolerance: Int) throws {
        // Both decode JPEG with libjpeg-turbo, but may choose different inverse transforms.
        let expected = try #require(golden()["pixels"]?[name]?.array).compactMap(\.int)
        let image = try ImageDecoder().decode(ImageFolder.golden.appending(path: name))
        #expect(image.width == 16 && image.height == 12 && image.channels == 3)
        #expect(zip(image.pixels, expected).allSatisfy { abs(Int($0) - $1) <= tolerance })
    }

    @Test func resizedPixelsEqualPillowsBilinear() throws {
        let image = try ImageDecoder().decode(ImageFolder.golden.appending(path: "picture.png"))
        for row in try #require(golden()["resized"]?.array) {
            let size = try #require(row["size"]?.array).compactMap(\.int)
            let expected = try #require(row["pixels"]?.array).compactMap(\.int)
            let resized = image.resized(toWidth: size[0], height: size[1])
            // Pillow rounds between both passes.
            #expect(zip(resized.pixels, expected).allSatisfy { abs(Int($0) - $1) <= 1 }, "\(size)")
        }
    }

    @Test(arguments: [1, 3]) func anEncodedImageIsDecodedToTheSame(channels: Int) throws {
        let pixels = (0..<5 * 7 * channels).map { UInt8($0 * 37 % 256) }
        let image = Image(width: 5, height: 7, channels: channels, pixels: pixels)
        let file = FileManager.default.temporaryDirectory.appending(path: "unlearn-\(UUID().uuidString).png")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(image.png()).write(to: file)
        #expect(try ImageDecoder().decode(file) == image.with(channels: 3))
    }

    @Test(.timeLimit(.minutes(1))) func pipesAndDevicesAreNoImages() throws {
        let folder = try ImageFolder.pictures("cat/a.png", "dog/b.png")
        #expect(mkfifo(folder.path("cat/c.png"), 0o600) == 0)
        #expect(throws: DataError.file(.notAFile(path: folder.path("cat/c.png")))) { try folder.read() }
        #expect(unlink(folder.path("cat/c.png")) == 0)
        try folder.link("cat/c.jpg", to: "/dev/zero")
        #expect(throws: DataError.file(.notAFile(path: folder.path("cat/c.jpg")))) { try folder.read() }
    }

    @Test func greyHasOneChannel() {
        let image = Image(width: 1, height: 1, channels: 3, pixels: [255, 0, 0])
        #expect(image.with(channels: 1).pixels == [76])  // 0.299 · 255
        #expect(image.with(channels: 1).with(channels: 3).pixels == [76, 76, 76])
    }
}

/// JPEG files that libjpeg warns of. What is right is what Pillow reads from the files before they were changed.
@Suite struct JPEGWarningTests {
    private func decode(_ bytes: Data) throws -> Image {
        let folder = try ImageFolder(["a.jpg": bytes])
        return try ImageDecoder().decode(folder.url.appending(path: "a.jpg"))
    }

    private func place(_ marker: UInt8, in bytes: Data) throws -> Int {
        try #require(bytes.indices.first { bytes[$0] == 0xFF && $0 + 1 < bytes.count && bytes[$0 + 1] == marker })
    }

    /// The picture with some bytes before its first marker of a kind.
    private func inserting(_ bytes: [UInt8], before marker: UInt8, _ name: String) throws -> Data {
        var file = try ImageFolder.bytes(name)
        file.insert(contentsOf: bytes, at: try place(marker, in: file))
        return file
    }

    /// Before tables, the frame, a scan, and the end.
    @Test(arguments: [0xDB, 0xC4, 0xDA, 0xD9] as [UInt8], ["picture.jpg", "progressive.jpg", "cmyk.jpg"])
    func bytesThatBelongNowhereChangeNothing(marker: UInt8, name: String) throws {
        let file = try inserting([1, 2, 3], before: marker, name)
        #expect(try decode(file) == decode(ImageFolder.bytes(name)))
    }

    @Test func bytesBetweenScansChangeNothing() throws {
        let file = try ImageFolder.bytes("progressive.jpg")
        let scans = file.indices.filter { file[$0] == 0xFF && $0 + 1 < file.count && file[$0 + 1] == 0xDA }
        #expect(scans.count > 5)
        for scan in scans {
            var changed = file
            changed.insert(contentsOf: [0, 7], at: scan)
            #expect(try decode(changed) == decode(file))
        }
    }

    @Test func unknownVersionsAndTransformsAreNoErrors() throws {
        var file = try ImageFolder.bytes("picture.jpg")
        let version = try #require(file.firstRange(of: Data("JFIF".utf8))).upperBound + 1
        file[version] = 9
        #expect(try decode(file) == decode(ImageFolder.bytes("picture.jpg")))
        // A transform that nobody defined is taken for YCCK, by libjpeg and so by Pillow.
        var inks = try ImageFolder.bytes("cmyk.jpg")
        inks[try #require(inks.firstRange(of: Data("Adobe".utf8))).upperBound + 6] = 9
        #expect(try decode(inks) == decode(ImageFolder.bytes("ycck.jpg")))
    }

    @Test func aWrongNumberOfARestartIsNoError() throws {
        var file = try ImageFolder.bytes("restarts.jpg")
        file[try place(0xD1, in: file) + 1] = 0xD5
        #expect(try decode(file) == decode(ImageFolder.bytes("restarts.jpg")))
    }

    @Test(arguments: ["picture.jpg", "grey.jpg", "progressive.jpg", "restarts.jpg", "cmyk.jpg"])
    func anEndMarkerMayBeMissing(name: String) throws {
        let file = try ImageFolder.bytes(name)
        #expect(try decode(file.dropLast(2)) == decode(file))
        #expect(try decode(file + [1, 2, 3]) == decode(file))
    }

    /// With and without the end marker, and behind another warning, which is the one that libjpeg would tell of.
    @Test(arguments: ["picture.jpg", "grey.jpg", "progressive.jpg", "restarts.jpg", "cmyk.jpg"])
    func missingRowsAreAnError(name: String) throws {
        let whole = try inserting([1, 2, 3], before: 0xDB, name)
        let scan = try place(0xDA, in: whole) + 14
        for share in [0, 0.3, 0.6] {
            let part = whole.prefix(scan + Int(Double(whole.count - 2 - scan) * share))
            for end in [Data(), Data([0xFF, 0xD9])] {
                // Of a progressive file, what ends between scans is a coarser picture, and whole if it says so.
                if name == "progressive.jpg", !end.isEmpty, share > 0 { continue }
                #expect(throws: DataError.self, "\(share)") { try decode(part + end) }
            }
        }
    }

    /// Each of them goes over the whole picture, and takes a few bytes.
    @Test func aFileOfScansWithoutEndIsRefused() throws {
        let file = try ImageFolder.bytes("progressive.jpg")
        let start = try place(0xDA, in: file)
        let end = try #require((start + 2..<file.count - 1).first { file[$0] == 0xFF && file[$0 + 1] != 0 })
        let scan = file[start..<end]
        func repeated(_ count: Int) -> Data {
            var data = file.prefix(start)
            for _ in 0..<count { data += scan }
            return data + file[start...]
        }
        _ = try decode(repeated(100))
        let error = #expect(throws: DataError.self) { try decode(repeated(600)) }
        #expect(error?.description.contains("libjpeg says 'More than 500 scans'") == true)
    }

    @Test func aFileWithoutRowsIsNamed() throws {
        let folder = try ImageFolder(["a/1.jpg": try ImageFolder.bytes("picture.jpg").prefix(650)])
        let error = #expect(throws: DataError.self) { try folder.read() }
        #expect(
            error
                == .image(
                    path: folder.path("a/1.jpg"), problem: "libjpeg says 'Premature end of JPEG file'"))
    }
}
