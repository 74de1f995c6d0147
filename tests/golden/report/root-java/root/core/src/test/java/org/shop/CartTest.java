package org.shop; class CartTest {}
