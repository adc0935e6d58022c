// Pixels → PNG bytes, through libspng: what a report embeds.

internal import CSPNG
internal import Foundation

extension Image {
    /// The image as a PNG file. An image is well formed, so that only a lack of memory can stop this: then it is empty.
    public func png() -> [UInt8] {
        precondition(channels == 1 || channels == 3, "Image: a PNG file has one channel here, or three")
        guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else { return [] }
        defer { spng_ctx_free(context) }
        var header = spng_ihdr()
        (header.width, header.height, header.bit_depth) = (UInt32(width), UInt32(height), 8)
        let color = channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR
        header.color_type = UInt8(color.rawValue)
        guard spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1) == 0, spng_set_ihdr(context, &header) == 0 else {
            return []
        }
        let status = pixels.withUnsafeBytes { bytes in
            spng_encode_image(
                context, bytes.baseAddress, bytes.count, Int32(SPNG_FMT_PNG.rawValue),
                Int32(SPNG_ENCODE_FINALIZE.rawValue))
        }
        var (size, failure): (Int, Int32) = (0, 0)
        guard status == 0, let buffer = spng_get_png_buffer(context, &size, &failure) else { return [] }
        // The caller owns the buffer, as libspng says.
        defer { free(buffer) }
        return Array(UnsafeRawBufferPointer(start: buffer, count: size))
    }
}
