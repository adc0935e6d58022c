// Decoding JPEG with libjpeg: errors become statuses, and only warnings of missing rows count.
#include "CJPEG.h"

#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <jerror.h>

/// More than any program writes, which is about ten.
enum { MOST_SCANS = 500 };

struct unlearn_jpeg {
    // First, so that a pointer to it, which is what libjpeg's callbacks get, is one to the whole.
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct file;
    struct jpeg_progress_mgr progress;
    jmp_buf failure;
    /// The bits of a scan ended before its last row.
    bool ran_out;
    /// The file ended before its end marker.
    bool ended_early;
    char problem[JMSG_LENGTH_MAX];
};

static void fail(j_common_ptr file) {
    unlearn_jpeg *decoder = (unlearn_jpeg *)file->err;
    file->err->format_message(file, decoder->problem);
    longjmp(decoder->failure, 1);
}

/// Takes warnings (level -1) and traces; the words of the first warning of a loss are kept.
static void note(j_common_ptr file, int level) {
    unlearn_jpeg *decoder = (unlearn_jpeg *)file->err;
    int code = file->err->msg_code;
    if (level >= 0 || (code != JWRN_HIT_MARKER && code != JWRN_JPEG_EOF)) return;
    if (!decoder->ran_out && !decoder->ended_early) file->err->format_message(file, decoder->problem);
    if (code == JWRN_HIT_MARKER) decoder->ran_out = true;
    if (code == JWRN_JPEG_EOF) decoder->ended_early = true;
}

/// A scan takes a dozen bytes and a pass over the whole picture: a small file could keep us busy for hours.
static void limit_scans(j_common_ptr file) {
    unlearn_jpeg *decoder = (unlearn_jpeg *)file->err;
    if (decoder->file.input_scan_number <= MOST_SCANS) return;
    snprintf(decoder->problem, sizeof decoder->problem, "More than %d scans", MOST_SCANS);
    longjmp(decoder->failure, 1);
}

static void print_nothing(j_common_ptr file) { (void)file; }

unlearn_jpeg *unlearn_jpeg_make(void) {
    unlearn_jpeg *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) return NULL;
    decoder->file.err = jpeg_std_error(&decoder->errors);
    decoder->errors.error_exit = fail;
    decoder->errors.emit_message = note;
    decoder->errors.output_message = print_nothing;
    if (setjmp(decoder->failure) != 0) {
        unlearn_jpeg_free(decoder);
        return NULL;
    }
    jpeg_create_decompress(&decoder->file);
    decoder->progress.progress_monitor = limit_scans;
    decoder->file.progress = &decoder->progress;
    return decoder;
}

void unlearn_jpeg_free(unlearn_jpeg *decoder) {
    if (decoder == NULL) return;
    jpeg_destroy_decompress(&decoder->file);
    free(decoder);
}

int unlearn_jpeg_begin(
    unlearn_jpeg *decoder, const unsigned char *bytes, unsigned long count, unlearn_jpeg_size *size) {
    j_decompress_ptr file = &decoder->file;
    decoder->ran_out = decoder->ended_early = false;
    decoder->problem[0] = '\0';
    if (setjmp(decoder->failure) != 0) return -1;
    // Whatever the last file left.
    jpeg_abort_decompress(file);
    jpeg_mem_src(file, bytes, count);
    jpeg_read_header(file, TRUE);
    bool has_black = file->jpeg_color_space == JCS_CMYK || file->jpeg_color_space == JCS_YCCK;
    file->out_color_space = has_black ? JCS_CMYK : JCS_RGB;
    *size = (unlearn_jpeg_size){(int)file->image_width, (int)file->image_height, has_black ? 4 : 3};
    return 0;
}

/// Whether the file's scans gave every coefficient to its last bit. Only progressive files say so.
static bool is_refined(j_decompress_ptr file) {
    if (file->coef_bits == NULL) return false;
    for (int component = 0; component < file->num_components; component++) {
        for (int index = 0; index < DCTSIZE2; index++) {
            if (file->coef_bits[component][index] != 0) return false;
        }
    }
    return true;
}

/// A file in one scan that ends early and never ran out of bits lacks nothing but its end marker. In arithmetic coding
/// nothing says that the bits ran out, and of several scans whole ones may be missing.
static bool lacks_rows(unlearn_jpeg *decoder) {
    j_decompress_ptr file = &decoder->file;
    if (decoder->ran_out || !decoder->ended_early) return decoder->ran_out;
    return file->arith_code || (jpeg_has_multiple_scans(file) && !is_refined(file));
}

int unlearn_jpeg_read(unlearn_jpeg *decoder, unsigned char *pixels) {
    j_decompress_ptr file = &decoder->file;
    if (setjmp(decoder->failure) != 0) return -1;
    jpeg_start_decompress(file);
    size_t row_length = (size_t)file->output_width * (size_t)file->output_components;
    while (file->output_scanline < file->output_height) {
        JSAMPROW row = pixels + file->output_scanline * row_length;
        jpeg_read_scanlines(file, &row, 1);
    }
    int status = lacks_rows(decoder) ? -1 : 0;
    // What follows the last row is not read: nothing there changes the picture.
    jpeg_abort_decompress(file);
    return status;
}

const char *unlearn_jpeg_problem(const unlearn_jpeg *decoder) { return decoder->problem; }
