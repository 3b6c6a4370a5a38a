//! The values of plain types, from their bytes.

use super::fault::{damaged, invalid};
use super::shape::{Form, IpShape, Run};
use super::source::Source;
use crate::error::Error;
use crate::layout::{Scalar, ValidityError};
use crate::{IpAddress, SocketAddress};
use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

/// The family of addresses of version 6; any other number is version 4.
pub(super) const V6: u16 = 6;

/// A number.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Number {
    Unsigned(u128),
    Signed(i128),
    Single(f32),
    Double(f64),
}

/// The number at `at`; `None` for a `bool` and a `char`.
#[inline]
pub(super) fn read_number(scalar: Scalar, source: Source<'_>, at: usize) -> Result<Option<Number>, Error> {
    Ok(Some(match scalar {
        Scalar::U8 => Number::Unsigned(u8::from_ne_bytes(source.array(at)?).into()),
        Scalar::U16 => Number::Unsigned(u16::from_ne_bytes(source.array(at)?).into()),
        Scalar::U32 => Number::Unsigned(u32::from_ne_bytes(source.array(at)?).into()),
        Scalar::U64 => Number::Unsigned(u64::from_ne_bytes(source.array(at)?).into()),
        Scalar::U128 => Number::Unsigned(u128::from_ne_bytes(source.array(at)?)),
        Scalar::I8 => Number::Signed(i8::from_ne_bytes(source.array(at)?).into()),
        Scalar::I16 => Number::Signed(i16::from_ne_bytes(source.array(at)?).into()),
        Scalar::I32 => Number::Signed(i32::from_ne_bytes(source.array(at)?).into()),
        Scalar::I64 => Number::Signed(i64::from_ne_bytes(source.array(at)?).into()),
        Scalar::I128 => Number::Signed(i128::from_ne_bytes(source.array(at)?)),
        Scalar::F32 => Number::Single(f32::from_ne_bytes(source.array(at)?)),
        Scalar::F64 => Number::Double(f64::from_ne_bytes(source.array(at)?)),
        Scalar::Bool | Scalar::Char => return Ok(None),
    }))
}

pub(super) fn read_bool(source: Source<'_>, at: usize) -> Result<bool, Error> {
    match source.array::<1>(at)? {
        [0] => Ok(false),
        [1] => Ok(true),
        [other] => Err(damaged(format!("{other} is no bool (0 or 1)"))),
    }
}

pub(super) fn read_char(source: Source<'_>, at: usize) -> Result<char, Error> {
    let code = u32::from_ne_bytes(source.array(at)?);
    char::from_u32(code).ok_or_else(|| damaged(format!("{code:#x} is no char")))
}

/// The text at `at`: a length, and bytes in `run`.
#[inline]
pub(super) fn read_text<'a>(run: Run, source: Source<'a>, at: usize) -> Result<Cow<'a, str>, Error> {
    let no_text = |e: std::str::Utf8Error| invalid(&ValidityError::new(format!("no UTF-8: {e}")));
    match read_blob(run, source, at)? {
        Cow::Borrowed(bytes) => std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(no_text),
        Cow::Owned(bytes) => String::from_utf8(bytes).map(Cow::Owned).map_err(|e| no_text(e.utf8_error())),
    }
}

/// The bytes at `at`: a length, and so many bytes in `run`.
#[inline]
pub(super) fn read_blob<'a>(run: Run, source: Source<'a>, at: usize) -> Result<Cow<'a, [u8]>, Error> {
    let len = source.u32(at)?.min(run.capacity);
    source.bytes(at + run.at, len)
}

pub(super) fn read_ip(ip: IpShape, source: Source<'_>, at: usize) -> Result<IpAddress, Error> {
    let octets: [u8; 16] = source.array(at + ip.octets)?;
    let [a, b, c, d, ..] = octets;
    if u16::from_ne_bytes(source.array(at + ip.family)?) == V6 {
        return Ok(Ipv6Addr::from(octets).into());
    }
    Ok(Ipv4Addr::new(a, b, c, d).into())
}

/// The address of a socket of that form.
pub(super) fn read_socket(form: &Form, source: Source<'_>, at: usize) -> Result<SocketAddress, Error> {
    let Form::SocketAddress { ip, port, flow_info, scope_id } = *form else {
        return Err(damaged("it is no address of a socket"));
    };
    let ip = read_ip(ip, source, at)?;
    let port = u16::from_ne_bytes(source.array(at + port)?);
    let [flow_info, scope_id] = [flow_info, scope_id].map(|offset| source.u32(at + offset));
    let address: SocketAddr = match IpAddr::from(ip) {
        IpAddr::V4(ip) => SocketAddrV4::new(ip, port).into(),
        IpAddr::V6(ip) => SocketAddrV6::new(ip, port, flow_info? as u32, scope_id? as u32).into(),
    };
    Ok(address.into())
}

/// The key of a slab at `at`, as a number.
pub(super) fn read_key(source: Source<'_>, at: usize) -> Result<u64, Error> {
    // The place, then the generation; little-endian, as every region is.
    source.u64(at)
}
