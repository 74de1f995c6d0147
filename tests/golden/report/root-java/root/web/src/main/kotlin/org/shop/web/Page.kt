package org.shop.web
