package org.shop; class Cart {}
