/* The yardstick under FastCGI: a C program with libfcgi that answers every request alike.
 * cc -O2 -o hello_fcgi hello_fcgi.c -lfcgi */
#include <fcgi_stdio.h>

#include "answer.h"

int main(void) {
    /* libfcgi's own printf knows no %zu; and a constant answer is made once. */
    char answer[1024];
    int length = snprintf(answer, sizeof answer, "%sContent-Length: %zu\r\n\r\n%s", ANSWER_HEAD, sizeof ANSWER_BODY - 1, ANSWER_BODY);
    while (FCGI_Accept() >= 0)
        fwrite(answer, 1, (size_t)length, stdout);
    return 0;
}
