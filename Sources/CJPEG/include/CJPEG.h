// JPEG through libjpeg, whose errors jump over the frames of its callers: no Swift frame is among them, and what comes
// out are statuses. Its simpler interface, TurboJPEG, has one status for all warnings, whether or not rows are missing.
#ifndef CJPEG_H
#define CJPEG_H

/// Decodes one file after the other; for one thread at a time.
typedef struct unlearn_jpeg unlearn_jpeg;

typedef struct {
    int width;
    int height;
    /// 3: red, green, blue. 4: cyan, magenta, yellow, black, stored as Adobe does: 255 is no ink.
    int channels;
} unlearn_jpeg_size;

/// NULL if there is no memory for it.
unlearn_jpeg *unlearn_jpeg_make(void);
void unlearn_jpeg_free(unlearn_jpeg *decoder);

/// Reads the header of a file; the bytes must stay until its rows are read. 0, or -1 if it cannot be decoded.
int unlearn_jpeg_begin(
    unlearn_jpeg *decoder, const unsigned char *bytes, unsigned long count, unlearn_jpeg_size *size);

/// Reads all rows, `width * channels` bytes each. 0, or -1 if some cannot be decoded or are missing; what libjpeg warns
/// of is no error where every row is there.
int unlearn_jpeg_read(unlearn_jpeg *decoder, unsigned char *pixels);

/// What libjpeg says of the last failure; valid until the next call.
const char *unlearn_jpeg_problem(const unlearn_jpeg *decoder);

#endif
