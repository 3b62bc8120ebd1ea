/* The yardstick under plain CGI: the least that a dynamically linked C program can do.
 * cc -O2 -o hello_cgi hello_cgi.c */
#include <stdio.h>

#include "answer.h"

int main(void) {
    printf("%sContent-Length: %zu\r\n\r\n%s", ANSWER_HEAD, sizeof ANSWER_BODY - 1, ANSWER_BODY);
    return 0;
}
