/* frames: one line of a stack, in the ways that runtimes print it.
 * Layer: kit, inside report/. Nothing is copied. */
#pragma once

#include "model/failure.h"

/* JavaScript: "at f (path:3:5)", "at path:3:5", "at async f (...)"; "f (path:3:5)" of node's TAP;
 * "❯ f path:3:5" of vitest; "f@path:3:5" of Firefox and Safari. file:// is taken off. */
bool frame_of_js(struct str line, struct frame *out);
/* Whether a JavaScript frame is in Node.js or a package. */
bool frame_is_js_library(const struct frame *frame);
/* The JVM: "at [module/]pkg.Class.method(File.java:12)", "(Native Method)". */
bool frame_of_java(struct str line, struct frame *out);
/* Whether a JVM frame is in the language's libraries or a test framework. */
bool frame_is_java_library(const struct frame *frame);
/* .NET: "at Ns.Class.Method(args) in /path/File.cs:line 12". */
bool frame_of_dotnet(struct str line, struct frame *out);
/* Ruby: "# ./spec/a_spec.rb:7:in `block'", "path.rb:7:in `method'", with or without brackets. */
bool frame_of_ruby(struct str line, struct frame *out);
bool frame_is_ruby_library(const struct frame *frame);
/* "path:12" and nothing else, as PHPUnit and Pest ("at path:12", "1  path:12") print it. */
bool frame_of_php(struct str line, struct frame *out);
bool frame_is_php_library(const struct frame *frame);
/* Dart: "package:test_api  expect", "test/a_test.dart 12:5  main.<fn>". */
bool frame_of_dart(struct str line, struct frame *out);
bool frame_is_dart_library(const struct frame *frame);
