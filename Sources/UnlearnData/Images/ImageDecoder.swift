// JPEG and PNG bytes → pixels, through libjpeg and libspng. The bytes are not trusted.

internal import CJPEG
internal import CSPNG
public import Foundation
internal import UnlearnFormats

extension Image {
    /// The picture in a JPEG or PNG file, with three channels.
    public init(contentsOf file: URL) throws(DataError) { self = try ImageDecoder().decode(file) }
}

/// Decodes images of the two kinds; keeps libjpeg's state, so use one for each thread.
final class ImageDecoder {
    /// More pixels than any photograph that somebody trains on: a header cannot make us allocate without end.
    private static let mostPixels = 1 << 27

    /// What is wrong with an image, without its path.
    struct Problem: Error {
        let sentence: String
    }

    private let jpeg = unlearn_jpeg_make()
    /// Of the size that the last image had: usually all have one.
    private var resizer: ImageResizer?
    /// Where small files are read into.
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)

    deinit {
        unlearn_jpeg_free(jpeg)
        buffer.deallocate()
    }

    /// The image in the file, with three channels, in the size given.
    func decode(path: String, width: Int, height: Int) throws(DataError) -> Image {
        let image: Image
        if let bytes = smallFile(path) {
            do throws(Problem) { image = try decode(bytes) } catch {
                throw .image(path: path, problem: error.sentence)
            }
        } else {
            image = try decode(URL(filePath: path))
        }
        if (image.width, image.height) == (width, height) { return image }
        let fitting =
            resizer.flatMap { $0.size == (image.width, image.height) && $0.newSize == (width, height) ? $0 : nil }
            ?? ImageResizer(from: (image.width, image.height), to: (width, height))
        resizer = fitting
        return fitting(image)
    }

    /// A file that fits into the buffer: to map thousands of small files takes longer than to read them. Nil for all
    /// others, and for those that cannot be read: mapping says why.
    private func smallFile(_ path: String) -> UnsafeRawBufferPointer? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        var count = 0
        while count < buffer.count {
            let read = read(file, buffer.baseAddress.map { $0 + count }, buffer.count - count)
            if read < 0 { return nil }
            if read == 0 { return count > 0 ? UnsafeRawBufferPointer(rebasing: buffer[..<count]) : nil }
            count += read
        }
        return nil
    }

    /// The image in the file, with three channels.
    func decode(_ url: URL) throws(DataError) -> Image {
        let file = try DataError.reading { () throws(FormatError) in try MappedFile(url) }
        do throws(Problem) {
            return try withExtendedLifetime(file) { () throws(Problem) in try decode(file.bytes) }
        } catch { throw .image(path: url.path, problem: error.sentence) }
    }

    func decode(_ bytes: UnsafeRawBufferPointer) throws(Problem) -> Image {
        if bytes.starts(with: [0xFF, 0xD8]) { return try decodeJPEG(bytes) }
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47]) { return try decodePNG(bytes) }
        throw Problem(sentence: "it is neither JPEG nor PNG")
    }

    private func decodeJPEG(_ bytes: UnsafeRawBufferPointer) throws(Problem) -> Image {
        guard let jpeg else { throw Problem(sentence: "libjpeg could not be set up") }
        func check(_ status: Int32) throws(Problem) {
            guard status == 0 else {
                throw Problem(sentence: "libjpeg says '\(String(cString: unlearn_jpeg_problem(jpeg)))'")
            }
        }
        var size = unlearn_jpeg_size()
        let source = bytes.bindMemory(to: UInt8.self).baseAddress
        try check(unlearn_jpeg_begin(jpeg, source, UInt(bytes.count), &size))
        let (width, height, channels) = (Int(size.width), Int(size.height), Int(size.channels))
        try Self.check(width, height)
        var status: Int32 = 0
        let pixels = [UInt8](unsafeUninitializedCapacity: width * height * channels) { buffer, count in
            status = unlearn_jpeg_read(jpeg, buffer.baseAddress)
            // After an error some of them were never written, and take no memory.
            count = status == 0 ? width * height * channels : 0
        }
        try check(status)
        return Image(
            width: width, height: height, channels: 3, pixels: channels == 4 ? Self.withoutInk(pixels) : pixels)
    }

    /// Cyan, magenta, yellow and black, of which 255 is no ink, as red, green and blue, in Pillow's rounding.
    private static func withoutInk(_ pixels: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count / 4 * 3)
        for start in stride(from: 0, to: pixels.count, by: 4) {
            let light = Int(pixels[start + 3])
            for ink in pixels[start..<start + 3] {
                let product = (255 - Int(ink)) * light + 128
                result.append(UInt8(light - (((product >> 8) + product) >> 8)))
            }
        }
        return result
    }

    private func decodePNG(_ bytes: UnsafeRawBufferPointer) throws(Problem) -> Image {
        guard let context = spng_ctx_new(0) else { throw Problem(sentence: "libspng could not be set up") }
        defer { spng_ctx_free(context) }
        func check(_ status: Int32) throws(Problem) {
            guard status == 0 else {
                throw Problem(sentence: "libspng says '\(String(cString: spng_strerror(status)))'")
            }
        }
        try check(spng_set_png_buffer(context, bytes.baseAddress, bytes.count))
        var header = spng_ihdr()
        try check(spng_get_ihdr(context, &header))
        try Self.check(Int(header.width), Int(header.height))
        var size = 0
        try check(spng_decoded_image_size(context, Int32(SPNG_FMT_RGB8.rawValue), &size))
        guard size == Int(header.width) * Int(header.height) * 3 else { throw Problem(sentence: "its size is wrong") }
        var status: Int32 = 0
        let pixels = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            status = spng_decode_image(context, buffer.baseAddress, size, Int32(SPNG_FMT_RGB8.rawValue), 0)
            count = status == 0 ? size : 0
        }
        try check(status)
        return Image(width: Int(header.width), height: Int(header.height), channels: 3, pixels: pixels)
    }

    private static func check(_ width: Int, _ height: Int) throws(Problem) {
        guard width > 0, height > 0, width <= mostPixels / height else {
            throw Problem(sentence: "it claims to have \(width) × \(height) pixels")
        }
    }
}
