"""Small projects in six languages and several test frameworks, with {slots} that a seed fills.

Each base is (path of the test file, its text); product code and build files are beside it in PROJECT.
"""

PYTEST = ("tests/test_{mod}.py", '''\
import pytest
import {mod}
from {mod} import {f}, {g}

EXPECTED = {n3}
CASES = [
    ({a1}, {n1}),
    ({a2}, {n2}),
    ({a3}, {n3}),
]


@pytest.fixture
def {obj}():
    return {mod}.{Cls}({a1})


def make_{w1}(value):
    return {mod}.{Cls}(value)


def test_{f}_of_{w1}():
    assert {f}({a1}) == {n1}


def test_{f}_named():
    result = {f}({a2})
    assert result == {n2}
    assert isinstance(result, int)


@pytest.mark.parametrize("value, expected", CASES)
def test_{f}_table(value, expected):
    assert {f}(value) == expected


def test_{g}_is_close({obj}):
    value = {g}({obj})
    assert value == pytest.approx({x1}, abs=1e-9)
    assert {obj}.name == "{w2}"


def test_{f}_raises():
    with pytest.raises(ValueError):
        {f}(None)
    assert {f}({a3}) == EXPECTED
''')

UNITTEST = ("tests/test_{mod}.py", '''\
import unittest

from {mod} import {Cls}, {f}, {g}


class {Cls}Test(unittest.TestCase):
    def setUp(self):
        self.{obj} = {Cls}({a1})

    def test_{f}(self):
        self.assertEqual({f}({a1}), {n1})

    def test_{f}_{w1}(self):
        result = {f}({a2})
        self.assertEqual(result, {n2})
        self.assertIsInstance(result, int)

    def test_{g}(self):
        value = {g}(self.{obj})
        self.assertAlmostEqual(value, {x1}, places=7)
        self.assertEqual(self.{obj}.name, "{w2}")
        self.assertLess(value, {n3})

    def test_{f}_raises(self):
        with self.assertRaises(ValueError):
            {f}(None)


if __name__ == "__main__":
    unittest.main()
''')

GTEST = ("tests/{mod}_test.cpp", '''\
#include <gtest/gtest.h>
#include <vector>
#include "{mod}.h"

static const int kExpected = {n3};

class {Cls}Test : public ::testing::Test {
protected:
    {Cls} {obj}{{a1}};
};

TEST({Cls}, {F}Of{W1}) {
    EXPECT_EQ({f}({a1}), {n1});
}

TEST({Cls}, {F}Named) {
    int result = {f}({a2});
    ASSERT_EQ(result, {n2});
    EXPECT_TRUE(result > 0);
}

TEST_F({Cls}Test, {G}IsClose) {
    double value = {g}({obj});
    EXPECT_NEAR(value, {x1}, 1e-9);
    EXPECT_STREQ({obj}.name(), "{w2}");
}

TEST({Cls}, {F}Table) {
    const std::vector<std::pair<int, int>> cases = {
        {{a1}, {n1}},
        {{a2}, {n2}},
        {{a3}, kExpected},
    };
    for (const auto &c : cases) {
        EXPECT_EQ({f}(c.first), c.second);
    }
}

TEST({Cls}, {F}Throws) {
    EXPECT_THROW({f}(-1), std::invalid_argument);
}
''')

CMOCKA = ("tests/test_{mod}.c", '''\
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include "{mod}.h"

static void test_{f}(void **state)
{
	assert_int_equal({f}({a1}), {n1});
}

static void test_{f}_{w1}(void **state)
{
	int result = {f}({a2});

	assert_int_equal(result, {n2});
	assert_true(result > 0);
}

static void test_{g}(void **state)
{
	struct {mod} *{obj} = {mod}_new({a3});

	assert_non_null({obj});
	assert_string_equal({obj}->name, "{w2}");
	assert_float_equal({g}({obj}), {x1}, 1e-6);
	{mod}_free({obj});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_{f}),
		cmocka_unit_test(test_{f}_{w1}),
		cmocka_unit_test(test_{g}),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
''')

CASSERT = ("test/test_{mod}.c", '''\
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "../src/{mod}.h"

static int expected[] = {{n1}, {n2}, {n3}};

int main(void)
{
    int result = {f}({a1});

    assert(result == {n1});
    assert({f}({a2}) == {n2});
    assert(fabs({g}({a3}) - {x1}) < 1e-9);
    assert(strcmp({f}_name({a1}), "{w2}") == 0);
    if ({f}({a3}) != expected[2]) {
        fprintf(stderr, "{f}({a3}) is wrong\\n");
        return 1;
    }
    puts("ok");
    return 0;
}
''')

JEST = ("test/{mod}.test.js", '''\
const { {f}, {g}, {Cls} } = require('../src/{mod}');

const EXPECTED = {n3};

function make{W1}(value) {
  return new {Cls}(value);
}

describe('{mod}', () => {
  it('gives {f} of {w1}', () => {
    expect({f}({a1})).toBe({n1});
  });

  it('gives a number', () => {
    const result = {f}({a2});
    expect(result).toEqual({n2});
    expect(typeof result).toBe('number');
  });

  test.each([
    [{a1}, {n1}],
    [{a2}, {n2}],
    [{a3}, EXPECTED],
  ])('{f}(%i)', (value, expected) => {
    expect({f}(value)).toBe(expected);
  });

  it('is close', () => {
    const {obj} = make{W1}({a3});
    expect({g}({obj})).toBeCloseTo({x1}, 8);
    expect({obj}.name).toStrictEqual('{w2}');
  });

  it('throws', async () => {
    expect(() => {f}(null)).toThrow(TypeError);
    await expect({f}Async({a1})).resolves.toBe({n1});
  });
});
''')

MOCHA = ("test/{mod}.spec.ts", '''\
import { strict as assert } from 'assert';
import { expect } from 'chai';
import { {f}, {g}, {Cls} } from '../src/{mod}';

describe('{Cls}', function () {
  let {obj}: {Cls};

  beforeEach(() => {
    {obj} = new {Cls}({a1});
  });

  it('has {f}', () => {
    assert.equal({f}({a1}), {n1});
    assert.deepEqual({f}All([{a1}, {a2}]), [{n1}, {n2}]);
  });

  it('has {g}', function () {
    const value = {g}({obj});
    expect(value).to.be.closeTo({x1}, 1e-9);
    expect({obj}.name).to.equal('{w2}');
  });

  it('refuses nothing', () => {
    assert.throws(() => {f}(undefined as any), /missing/);
  });
});
''')

GOTEST = ("{mod}_test.go", '''\
package {mod}

import (
	"math"
	"testing"
)

const expected = {n3}

func Test{F}(t *testing.T) {
	got := {F}({a1})
	if got != {n1} {
		t.Errorf("{F}({a1}) = %d, want %d", got, {n1})
	}
}

func Test{F}Table(t *testing.T) {
	tests := []struct {
		name string
		in   int
		want int
	}{
		{"{w1}", {a1}, {n1}},
		{"{w2}", {a2}, {n2}},
		{"{w3}", {a3}, expected},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := {F}(tt.in); got != tt.want {
				t.Fatalf("{F}(%d) = %d, want %d", tt.in, got, tt.want)
			}
		})
	}
}

func Test{G}(t *testing.T) {
	{obj} := New({a2})
	if math.Abs({G}({obj})-{x1}) > 1e-9 {
		t.Error("{G} is off")
	}
	if _, err := {F}Strict(-1); err == nil {
		t.Fatal("want an error")
	}
}
''')

TESTIFY = ("{mod}/{mod}_test.go", '''\
package {mod}

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func Test{F}(t *testing.T) {
	got, err := {F}({a1})
	require.NoError(t, err)
	assert.Equal(t, {n1}, got)
}

func Test{F}{W1}(t *testing.T) {
	assert.Equal(t, {n2}, {F}Plain({a2}))
	assert.Len(t, {F}All({a3}), 3)
}

func Test{G}(t *testing.T) {
	{obj} := New({a2})
	assert.InDelta(t, {x1}, {G}({obj}), 1e-9)
	assert.Equal(t, "{w2}", {obj}.Name)
	assert.Error(t, {obj}.Close())
}
''')

JUNIT5 = ("src/test/java/org/acme/{Cls}Test.java", '''\
package org.acme;

import static org.junit.jupiter.api.Assertions.*;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class {Cls}Test {
    private static final int EXPECTED = {n3};
    private {Cls} {obj};

    @BeforeEach
    void setUp() {
        {obj} = new {Cls}({a1});
    }

    @Test
    void {f}Of{W1}() {
        assertEquals({n1}, {obj}.{f}({a1}));
    }

    @Test
    void {f}Named() {
        int result = {obj}.{f}({a2});
        assertEquals({n2}, result);
        assertTrue(result > 0);
    }

    @ParameterizedTest
    @CsvSource({"{a1}, {n1}", "{a2}, {n2}"})
    void {f}Table(int value, int expected) {
        assertEquals(expected, {obj}.{f}(value));
    }

    @Test
    void {g}IsClose() {
        assertEquals({x1}, {obj}.{g}(), 1e-9);
        assertEquals("{w2}", {obj}.name());
    }

    @Test
    void {f}Throws() {
        assertThrows(IllegalArgumentException.class, () -> {obj}.{f}(-1));
        assertEquals(EXPECTED, {obj}.{f}({a3}));
    }
}
''')

JUNIT4 = ("src/test/java/org/acme/Test{Cls}.java", '''\
package org.acme;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.verify;

import org.junit.Before;
import org.junit.Test;

public class Test{Cls} {
    private {Cls} {obj};

    @Before
    public void setUp() {
        {obj} = new {Cls}({a1});
    }

    @Test
    public void test{F}() {
        assertThat({obj}.{f}({a1})).isEqualTo({n1});
    }

    @Test
    public void test{F}{W1}() {
        int result = {obj}.{f}({a2});
        assertThat(result).isEqualTo({n2});
        verify({obj}.listener()).called({a2});
    }

    @Test(timeout = 500)
    public void test{G}() {
        assertThat({obj}.{g}()).isCloseTo({x1}, within(1e-9));
        assertThat({obj}.name()).isEqualTo("{w2}");
    }
}
''')

RUST = ("tests/{mod}.rs", '''\
use {mod}::{{Cls}, {f}, {g}};

const EXPECTED: i64 = {n3};

fn make_{w1}(value: i64) -> {Cls} {
    {Cls}::new(value)
}

#[test]
fn {f}_of_{w1}() {
    assert_eq!({f}({a1}), {n1});
}

#[test]
fn {f}_named() {
    let result = {f}({a2});
    assert_eq!(result, {n2});
    assert!(result > 0);
}

#[test]
fn {f}_table() {
    let cases = vec![
        ({a1}, {n1}),
        ({a2}, {n2}),
        ({a3}, EXPECTED),
    ];
    for (value, expected) in cases {
        assert_eq!({f}(value), expected);
    }
}

#[test]
fn {g}_is_close() {
    let {obj} = make_{w1}({a2});
    assert!(({g}(&{obj}) - {x1}).abs() < 1e-9);
    assert_eq!({obj}.name(), "{w2}");
}
''')

RUST_INLINE = ("src/{mod}.rs", '''\
pub fn {f}(value: i64) -> i64 {
    let mut total = 0;
    for step in 0..value {
        total += step;
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn {f}_of_{w1}() {
        assert_eq!({f}({a1}), {n1});
    }

    #[test]
    fn {f}_named() {
        let result = {f}({a2});
        assert_eq!(result, {n2});
    }
}
''')

BASES = {
    "pytest": PYTEST, "unittest": UNITTEST, "gtest": GTEST, "cmocka": CMOCKA, "cassert": CASSERT,
    "jest": JEST, "mocha": MOCHA, "gotest": GOTEST, "testify": TESTIFY, "junit5": JUNIT5,
    "junit4": JUNIT4, "rust": RUST, "rustinline": RUST_INLINE,
}

# Product code, one file a language: what a repair may change.
SOURCES = {
    "python": ("{mod}.py", '''\
"""{Cls}: {w1} and {w2}."""
import logging
import os

log = logging.getLogger(__name__)


class {Cls}:
    def __init__(self, value):
        self.value = value
        self.name = "{w3}"

    def load(self, path):
        with open(path) as handle:
            return handle.read()


def {f}(value):
    total = 0
    for step in range(value):
        total += step
    return total


def {g}(item):
    if item is None:
        raise ValueError("no item")
    return item.value / 2
'''),
    "cpp": ("src/{mod}.cpp", '''\
#include "{mod}.h"
#include <stdexcept>
#include <string>

namespace {w4} {

int {f}(int value) {
    int total = 0;
    for (int step = 0; step < value; step++) {
        total += step;
    }
    return total;
}

double {g}(const {Cls} &item) {
    if (item.empty()) {
        throw std::invalid_argument("no item");
    }
    return item.value() / 2.0;
}

} // namespace {w4}
'''),
    "c": ("src/{mod}.c", '''\
#include "{mod}.h"
#include <stdlib.h>
#include <string.h>

int {f}(int value)
{
	int total = 0;

	for (int step = 0; step < value; step++)
		total += step;
	return total;
}

double {g}(const struct {mod} *item)
{
	if (!item)
		return -1;
	return item->value / 2.0;
}
'''),
    "js": ("src/{mod}.js", '''\
'use strict';
const fs = require('fs');

class {Cls} {
  constructor(value) {
    this.value = value;
    this.name = '{w3}';
  }
}

function {f}(value) {
  let total = 0;
  for (let step = 0; step < value; step++) {
    total += step;
  }
  return total;
}

function {g}(item) {
  if (!item) {
    throw new TypeError('missing item');
  }
  return item.value / 2;
}

module.exports = { {f}, {g}, {Cls} };
'''),
    "go": ("{mod}.go", '''\
package {mod}

import (
	"errors"
	"os"
)

// {Cls} holds a {w1}.
type {Cls} struct {
	Value int
	Name  string
}

// {F} sums the steps below value.
func {F}(value int) int {
	total := 0
	for step := 0; step < value; step++ {
		total += step
	}
	return total
}

// {G} halves.
func {G}(item *{Cls}) (float64, error) {
	if item == nil {
		return 0, errors.New("no item")
	}
	return float64(item.Value) / 2, nil
}
'''),
    "java": ("src/main/java/org/acme/{Cls}.java", '''\
package org.acme;

import java.util.List;

public class {Cls} {
    private final int value;

    public {Cls}(int value) {
        this.value = value;
    }

    public int {f}(int limit) {
        int total = 0;
        for (int step = 0; step < limit; step++) {
            total += step;
        }
        return total;
    }

    public double {g}() {
        if (value < 0) {
            throw new IllegalStateException("negative");
        }
        return value / 2.0;
    }
}
'''),
    "rust": ("src/{mod}.rs", '''\
use std::fs;

pub struct {Cls} {
    pub value: i64,
}

pub fn {f}(value: i64) -> i64 {
    let mut total = 0;
    for step in 0..value {
        total += step;
    }
    total
}

pub fn {g}(item: &{Cls}) -> Result<f64, String> {
    if item.value < 0 {
        return Err("negative".to_string());
    }
    Ok(item.value as f64 / 2.0)
}
'''),
}

# Build and configuration files of a project: name -> text.
FILES = {
    "Makefile": '''\
CC ?= cc
CFLAGS = -O2 -Wall
SRC = src/{mod}.c src/{w1}.c
OBJ = $(SRC:.c=.o)

all: {mod}

{mod}: $(OBJ)
	$(CC) $(CFLAGS) -o $@ $(OBJ)

test: all
	python3 -m pytest tests
	./run_tests.sh

check: test

clean:
	rm -f $(OBJ) {mod}

.PHONY: all test check clean
''',
    "CMakeLists.txt": '''\
cmake_minimum_required(VERSION 3.16)
project({mod} CXX)
set(CMAKE_CXX_STANDARD 17)

find_package(GTest REQUIRED)

add_library({mod}
  src/{mod}.cpp
  src/{w1}.cpp
)
target_include_directories({mod} PUBLIC src)

enable_testing()
add_executable({mod}_test tests/{mod}_test.cpp)
target_link_libraries({mod}_test {mod} GTest::gtest_main)
add_test(NAME {mod}_test COMMAND {mod}_test)
''',
    "package.json": '''\
{
  "name": "{mod}",
  "version": "{v1}",
  "description": "{w1} and {w2}",
  "main": "src/{mod}.js",
  "scripts": {
    "build": "tsc -p .",
    "test": "jest --coverage"
  },
  "jest": {
    "testEnvironment": "node"
  },
  "devDependencies": {
    "jest": "^29.0.0"
  }
}
''',
    "tox.ini": '''\
[tox]
envlist = py39,py310

[testenv]
deps = pytest
commands =
    pytest tests

[pytest]
addopts = -ra
testpaths = tests
''',
    "pytest.ini": '''\
[pytest]
addopts = -ra
testpaths = tests
markers =
    slow: takes long
''',
    "pyproject.toml": '''\
[project]
name = "{mod}"
version = "{v1}"
dependencies = ["requests>=2.20"]

[tool.pytest.ini_options]
addopts = "-ra -q"
testpaths = ["tests"]

[tool.black]
line-length = 88
''',
    "setup.py": '''\
from setuptools import find_packages, setup

setup(
    name="{mod}",
    version="{v1}",
    packages=find_packages(),
    install_requires=["requests"],
)
''',
    "setup.cfg": '''\
[metadata]
name = {mod}
version = {v1}

[tool:pytest]
addopts = -ra
testpaths = tests

[flake8]
max-line-length = 88
''',
    "pom.xml": '''\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.acme</groupId>
  <artifactId>{mod}</artifactId>
  <version>{v1}</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
  </properties>
  <dependencies>
    <dependency>
      <groupId>org.junit.jupiter</groupId>
      <artifactId>junit-jupiter</artifactId>
      <version>5.9.1</version>
      <scope>test</scope>
    </dependency>
  </dependencies>
  <build>
    <plugins>
      <plugin>
        <artifactId>maven-surefire-plugin</artifactId>
        <version>3.0.0</version>
        <configuration>
          <argLine>-Xmx512m</argLine>
        </configuration>
      </plugin>
    </plugins>
  </build>
</project>
''',
    "build.gradle": '''\
plugins {
    id 'java'
}

dependencies {
    testImplementation 'org.junit.jupiter:junit-jupiter:5.9.1'
}

test {
    useJUnitPlatform()
}
''',
    "go.mod": '''\
module example.org/{mod}

go 1.19

require github.com/stretchr/testify v1.8.0
''',
    "Cargo.toml": '''\
[package]
name = "{mod}"
version = "{v1}"
edition = "2021"

[dependencies]
serde = "1.0"

[[test]]
name = "{mod}"
path = "tests/{mod}.rs"
''',
    "conftest.py": '''\
import pytest

from {mod} import {Cls}


@pytest.fixture
def sample():
    return {Cls}({a1})
''',
    "jest.config.js": '''\
module.exports = {
  testEnvironment: 'node',
  testMatch: ['**/*.test.js'],
  coverageThreshold: { global: { lines: 80 } },
};
''',
    "run_tests.sh": '''\
#!/bin/sh
set -e
cd "$(dirname "$0")"
pytest tests
ctest --test-dir build
''',
    "requirements.txt": '''\
requests==2.28.0
click==8.1.0
''',
    "Dockerfile": '''\
FROM python:3.11
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["python", "-m", "{mod}"]
''',
    "README.md": '''\
# {mod}

{Cls} does {w1} and {w2}.

## Install

    pip install {mod}

Version {v1}.
''',
    ".gitignore": '''\
build/
*.o
__pycache__/
''',
    ".github/workflows/ci.yml": '''\
name: CI
on: [push, pull_request]
permissions: read-all
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v3
      - run: make test
''',
}
