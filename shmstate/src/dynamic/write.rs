//! A new value, as the bytes of its type. All rules of the type are kept: `bool`, `char`, UTF-8, variants, lengths, the places of
//! entries.

use super::data::Data;
use super::decode::V6;
use super::fault::{Within, fault, full, no_memory, no_value};
use super::image::Image;
use super::keys::{Key, slab_key};
use super::segment::Segment;
use super::shape::{Counted, Fields, Form, IpShape, Run, Shape, Shapes, SlabShape, VariantShape};
use super::{hashed, slab, sorted};
use crate::error::{Error, ErrorKind};
use crate::layout::Scalar;
use std::borrow::Cow;
use std::net::{IpAddr, SocketAddr};

/// Writes a value of type `index` to `at`, where everything is zero.
///
/// # Errors
/// [`InvalidValue`](ErrorKind::InvalidValue), [`Full`](ErrorKind::Full) and the like, with the part of the value that is
/// meant. What was written until then is no value.
pub(super) fn write(shapes: &Shapes, index: usize, image: &mut Image<'_>, at: usize, data: &Data) -> Result<(), Error> {
    let shape = shapes.get(index);
    let items = |items: &Run, image: &mut Image<'_>| write_items(shapes, shape, *items, image, at, data);
    match &shape.form {
        Form::Scalar(scalar) => write_scalar(shape, *scalar, image, at, data),
        Form::NonZero(_) if *data == Data::None => Ok(()),
        Form::NonZero(_) if matches!(data, Data::Unsigned(0) | Data::Signed(0)) => {
            Err(no_value(format!("0 is no number of a `{}`: write none (`null`)", shape.name)))
        }
        Form::NonZero(scalar) => write_scalar(shape, *scalar, image, at, data),
        Form::Struct(fields) => write_fields(shapes, fields, &shape.name, image, at, data),
        Form::Enum { tag, variants } => write_enum(shapes, shape, *tag, variants, image, at, data),
        Form::Array { items: run } => {
            let count = items(run, image)?;
            if count == run.capacity {
                return Ok(());
            }
            Err(no_value(format!("{count} items for a `{}`, which always has {}", shape.name, run.capacity)))
        }
        Form::List { items: run } => {
            let count = items(run, image)?;
            image.put_u32(at, count)
        }
        Form::Ring { len, items: run, .. } => {
            let count = items(run, image)?;
            image.put_u32(at + len, count)
        }
        Form::Queue { count: offset, items: run, .. } => {
            let count = items(run, image)?;
            image.put_u32(at + offset, count)
        }
        Form::Slab(slab) => write_places(shapes, shape, slab, image, at, data),
        Form::Set(_) => sequence_of(shape, data)?.iter().enumerate().try_for_each(|(i, item)| {
            if hashed::fill(shapes, shape, image, at, item, None).map_err(|e| e.inside(&format!("[{i}]")))? {
                return Err(no_value(format!("item {i} is in the `{}` twice", shape.name)));
            }
            Ok(())
        }),
        Form::Map { .. } | Form::Sorted(_) => {
            let mut put = |key: &Data, value: &Data| {
                let name = || key_name(key);
                let there = match &shape.form {
                    Form::Sorted(_) => sorted::fill(shapes, shape, image, at, key, value),
                    _ => hashed::fill(shapes, shape, image, at, key, Some(value)),
                };
                if there.map_err(|e| e.inside(&name()))? {
                    return Err(no_value(format!("the key is in the `{}` twice", shape.name)).inside(&name()));
                }
                Ok(())
            };
            match data {
                Data::Map(entries) => entries.iter().try_for_each(|(key, value)| put(key, value)),
                // As JSON has them whose keys no text stands for.
                Data::Sequence(pairs) => pairs.iter().enumerate().try_for_each(|(i, pair)| match pair {
                    Data::Sequence(pair) if pair.len() == 2 => put(&pair[0], &pair[1]),
                    _ => Err(no_value("an entry of a map is a pair: a key and a value").inside(&format!("[{i}]"))),
                }),
                _ => Err(is_no(shape, data)),
            }
        }
        Form::Text { bytes } => {
            let text = match data {
                Data::Text(text) => Cow::Borrowed(&**text),
                Data::Char(letter) => Cow::Owned(letter.to_string()),
                _ => return Err(is_no(shape, data)),
            };
            write_bytes(shape, *bytes, image, at, text.as_bytes())
        }
        Form::Blob { bytes } => write_bytes(shape, *bytes, image, at, &bytes_of(shape, data)?),
        Form::Maybe { item, at: inside } => {
            if *data == Data::None {
                return Ok(());
            }
            image.put(at, &[1])?;
            let value = if let Data::Some(value) = data { value } else { data };
            write(shapes, *item, image, at + inside, value)
        }
        Form::Wrapper { item, at: inside } => write(shapes, *item, image, at + inside, data),
        Form::Key => {
            let key = match data {
                Data::Text(text) => slab_key(text).map_err(|e| no_value(e.to_string()))?.to_bits(),
                _ => integer(shape, data)?,
            };
            image.put_u64(at, key)
        }
        Form::TimeSpan => image.put_u64(at, integer(shape, data)?),
        Form::Timestamp => image.put(at, &integer::<i64>(shape, data)?.to_ne_bytes()),
        Form::IpAddress(ip) => {
            let address = match data {
                Data::Ip(ip) => (*ip).into(),
                Data::Text(text) => parsed(shape, text)?,
                _ => return Err(is_no(shape, data)),
            };
            write_ip(*ip, image, at, address)
        }
        Form::SocketAddress { ip, port, flow_info, scope_id } => {
            let address: SocketAddr = match data {
                Data::Socket(address) => (*address).into(),
                Data::Text(text) => parsed(shape, text)?,
                _ => return Err(is_no(shape, data)),
            };
            write_ip(*ip, image, at, address.ip())?;
            image.put(at + port, &address.port().to_ne_bytes())?;
            if let SocketAddr::V6(address) = address {
                image.put_u32(at + flow_info, address.flowinfo() as usize)?;
                image.put_u32(at + scope_id, address.scope_id() as usize)?;
            }
            Ok(())
        }
        Form::Uuid => {
            let uuid = match data {
                Data::Uuid(uuid) => *uuid,
                Data::Text(text) => parsed(shape, text)?,
                _ => return Err(is_no(shape, data)),
            };
            image.put(at, uuid.as_bytes())
        }
        Form::Opaque => {
            let bytes = bytes_of(shape, data)?;
            if bytes.len() != shape.size {
                let why = format!("{} bytes for a `{}`, which has {}", bytes.len(), shape.name, shape.size);
                return Err(no_value(why));
            }
            image.put(at, &bytes)
        }
        Form::Archived { of, .. } => {
            if *data == Data::None || bytes_of(shape, data).is_ok_and(|bytes| bytes.is_empty()) {
                return Ok(());
            }
            let why = format!(
                "an archive of a `{of}` is made by a program that has that type: it can only be taken away here"
            );
            Err(fault(ErrorKind::Unsupported, why))
        }
    }
}

/// The error of a value that is none of the type.
#[cold]
pub(super) fn is_no(shape: &Shape, data: &Data) -> Error {
    no_value(format!("{} is no value of type `{}`", data.what(), shape.name))
}

/// How a key is written in a path.
fn key_name(key: &Data) -> String {
    match key {
        Data::Text(text) => format!("[{text:?}]"),
        Data::Unsigned(number) => format!("[{number}]"),
        Data::Signed(number) => format!("[{number}]"),
        other => format!("[{}]", other.what()),
    }
}

fn parsed<T: std::str::FromStr>(shape: &Shape, text: &str) -> Result<T, Error> {
    text.parse().map_err(|_| no_value(format!("`{text}` is no value of type `{}`", shape.name)))
}

pub(super) fn sequence_of<'d>(shape: &Shape, data: &'d Data) -> Result<&'d [Data], Error> {
    match data {
        Data::Sequence(items) => Ok(items),
        _ => Err(is_no(shape, data)),
    }
}

/// An integer of Rust's.
trait Integer: TryFrom<u128> + TryFrom<i128> {
    /// Its name, and what it holds.
    const RANGE: (&str, i128, u128);
}

macro_rules! integers {
    ($($ty:ident)*) => {$(
        impl Integer for $ty {
            const RANGE: (&str, i128, u128) = (stringify!($ty), $ty::MIN as i128, $ty::MAX as u128);
        }
    )*};
}

integers!(u8 u16 u32 u64 u128 i8 i16 i32 i64 i128);

/// Where integers end that JSON is read as.
const LARGE: f64 = (1u64 << 63) as f64;

/// An integer, as one of the type.
fn integer<I: Integer>(shape: &Shape, data: &Data) -> Result<I, Error> {
    let number = match data {
        Data::Unsigned(number) => I::try_from(*number).map_err(|_| number.to_string()),
        Data::Signed(number) => I::try_from(*number).map_err(|_| number.to_string()),
        Data::Float(number) if number.abs() >= LARGE && number.is_finite() => Err(format!("{number:e}")),
        _ => return Err(is_no(shape, data)),
    };
    number.map_err(|number| {
        let (name, least, most) = I::RANGE;
        let of = if shape.name == name { String::new() } else { format!(", a `{name}`") };
        no_value(format!("{number} is out of the range of `{}`{of}: {least} to {most}", shape.name))
    })
}

fn write_scalar(shape: &Shape, scalar: Scalar, image: &mut Image<'_>, at: usize, data: &Data) -> Result<(), Error> {
    macro_rules! put {
        ($ty:ty) => {
            image.put(at, &integer::<$ty>(shape, data)?.to_ne_bytes())
        };
    }
    match scalar {
        Scalar::U8 => put!(u8),
        Scalar::U16 => put!(u16),
        Scalar::U32 => put!(u32),
        Scalar::U64 => put!(u64),
        Scalar::U128 => put!(u128),
        Scalar::I8 => put!(i8),
        Scalar::I16 => put!(i16),
        Scalar::I32 => put!(i32),
        Scalar::I64 => put!(i64),
        Scalar::I128 => put!(i128),
        Scalar::F32 => {
            let number = float(shape, data)?;
            if number.is_finite() && !(number as f32).is_finite() {
                return Err(no_value(format!("{number} is out of the range of `{}`", shape.name)));
            }
            image.put(at, &(number as f32).to_ne_bytes())
        }
        Scalar::F64 => image.put(at, &float(shape, data)?.to_ne_bytes()),
        Scalar::Bool => match data {
            Data::Bool(on) => image.put(at, &[u8::from(*on)]),
            _ => Err(is_no(shape, data)),
        },
        Scalar::Char => {
            let letter = match data {
                Data::Char(letter) => *letter,
                Data::Text(text) => parsed(shape, text)?,
                _ => return Err(is_no(shape, data)),
            };
            image.put(at, &u32::from(letter).to_ne_bytes())
        }
    }
}

fn float(shape: &Shape, data: &Data) -> Result<f64, Error> {
    match data {
        Data::Float(number) => Ok(*number),
        Data::Unsigned(number) => Ok(*number as f64),
        Data::Signed(number) => Ok(*number as f64),
        _ => Err(is_no(shape, data)),
    }
}

/// The bytes that a value stands for.
fn bytes_of<'d>(shape: &Shape, data: &'d Data) -> Result<Cow<'d, [u8]>, Error> {
    match data {
        Data::Bytes(bytes) => Ok(Cow::Borrowed(bytes)),
        Data::Sequence(items) => {
            let byte = |(i, item)| integer::<u8>(shape, item).map_err(|e| e.inside(&format!("[{i}]")));
            items.iter().enumerate().map(byte).collect::<Result<_, _>>().map(Cow::Owned)
        }
        _ => Err(is_no(shape, data)),
    }
}

fn write_bytes(shape: &Shape, run: Run, image: &mut Image<'_>, at: usize, bytes: &[u8]) -> Result<(), Error> {
    if bytes.len() > run.capacity {
        return Err(full(&shape.name, run.capacity, bytes.len()));
    }
    image.put_u32(at, bytes.len())?;
    image.put(at + run.at, bytes)
}

fn write_ip(ip: IpShape, image: &mut Image<'_>, at: usize, address: IpAddr) -> Result<(), Error> {
    match address {
        IpAddr::V4(address) => image.put(at + ip.octets, &address.octets()),
        IpAddr::V6(address) => {
            image.put(at + ip.family, &V6.to_ne_bytes())?;
            image.put(at + ip.octets, &address.octets())
        }
    }
}

/// Writes the items of a sequence from the first slot on; how many there are.
fn write_items(
    shapes: &Shapes,
    shape: &Shape,
    run: Run,
    image: &mut Image<'_>,
    at: usize,
    data: &Data,
) -> Result<usize, Error> {
    let bytes;
    let items = match data {
        Data::Bytes(all) => {
            bytes = all.iter().map(|byte| Data::from(*byte)).collect::<Vec<_>>();
            &*bytes
        }
        data => sequence_of(shape, data)?,
    };
    if items.len() > run.capacity {
        return Err(full(&shape.name, run.capacity, items.len()));
    }
    for (i, item) in items.iter().enumerate() {
        write(shapes, run.item, image, at + run.offset(i), item).map_err(|e| e.inside(&format!("[{i}]")))?;
    }
    Ok(items.len())
}

/// Writes all fields, of which each must be given, once.
fn write_fields(
    shapes: &Shapes,
    fields: &Fields,
    of: &str,
    image: &mut Image<'_>,
    at: usize,
    data: &Data,
) -> Result<(), Error> {
    let mut put = |field: &super::shape::FieldShape, value: &Data| {
        write(shapes, field.shape, image, at + field.at, value).within(&field.name)
    };
    match data {
        Data::Map(given) => {
            let mut seen = vec![false; fields.all.len()];
            for (name, value) in given {
                let Data::Text(name) = name else {
                    return Err(no_value(format!("a name of a field of `{of}` is a text")));
                };
                let index = fields.all.iter().position(|field| field.name == *name);
                let index = index.ok_or_else(|| no_value(format!("`{of}` has no field `{name}`")))?;
                if std::mem::replace(&mut seen[index], true) {
                    return Err(no_value(format!("the field `{name}` of `{of}` is given twice")));
                }
                put(&fields.all[index], value)?;
            }
            match seen.iter().position(|seen| !seen) {
                Some(index) => Err(no_value(format!("the field `{}` of `{of}` is missing", fields.all[index].name))),
                None => Ok(()),
            }
        }
        Data::Sequence(given) if fields.numbered && fields.all.len() != 1 => {
            if given.len() != fields.all.len() {
                return Err(no_value(format!("{} fields for `{of}`, which has {}", given.len(), fields.all.len())));
            }
            fields.all.iter().zip(given).try_for_each(|(field, value)| put(field, value))
        }
        Data::None if fields.all.is_empty() => Ok(()),
        data if fields.numbered && fields.all.len() == 1 => put(&fields.all[0], data),
        data => Err(no_value(format!("{} is no value of `{of}`: give its fields by their names", data.what()))),
    }
}

fn write_enum(
    shapes: &Shapes,
    shape: &Shape,
    tag: usize,
    variants: &[VariantShape],
    image: &mut Image<'_>,
    at: usize,
    data: &Data,
) -> Result<(), Error> {
    let (name, payload) = match data {
        Data::Text(name) => (name, &Data::None),
        Data::Variant(name, payload) => (name, &**payload),
        Data::Map(entries) => match &entries[..] {
            [(Data::Text(name), payload)] => (name, payload),
            _ => return Err(no_value(format!("a map with other than one variant for the enum `{}`", shape.name))),
        },
        _ => return Err(is_no(shape, data)),
    };
    let variant = variants.iter().find(|variant| variant.name == *name);
    let variant = variant.ok_or_else(|| no_value(format!("the enum `{}` has no variant `{name}`", shape.name)))?;
    image.put(at, &variant.value.to_le_bytes()[..tag])?;
    write_fields(shapes, &variant.fields, name, image, at, payload).within(name)
}

/// Writes a slab, place by place: of each its generation, and a value if that is odd.
fn write_places(
    shapes: &Shapes,
    shape: &Shape,
    slab: &SlabShape,
    image: &mut Image<'_>,
    at: usize,
    data: &Data,
) -> Result<(), Error> {
    let (places, capacity) = (sequence_of(shape, data)?, slab.values.items.capacity);
    if places.len() > capacity {
        return Err(full(&shape.name, capacity, places.len()));
    }
    places.iter().enumerate().try_for_each(|(i, place)| {
        let mut write = || {
            let [generation, value] = sequence_of(shape, place)? else {
                return Err(no_value(format!("a place of a `{}` is a generation, and a value or none", shape.name)));
            };
            let generation: u32 = integer(shape, generation)?;
            let vacant = generation.is_multiple_of(2);
            if vacant != (*value == Data::None) && (vacant || !can_be_none(shapes, slab.values.items.item)) {
                return Err(no_value(
                    "the generation of a place is odd if there is a value, and even if there is none",
                ));
            }
            slab::push_place(shapes, slab, image, at, i, generation, value)
        };
        write().map_err(|e| e.inside(&format!("[{i}]")))
    })
}

/// Whether some value of type `index` is written as none.
fn can_be_none(shapes: &Shapes, index: usize) -> bool {
    match &shapes.get(shapes.settle(index, 0).0).form {
        Form::Maybe { .. } | Form::NonZero(_) | Form::Archived { .. } => true,
        // A struct of one field without a name is written as that one.
        Form::Struct(fields) if fields.numbered => {
            matches!(&fields.all[..], [one] if can_be_none(shapes, one.shape))
        }
        _ => false,
    }
}

/// The bytes of a new value of type `index`.
pub(super) fn bytes(shapes: &Shapes, index: usize, data: &Data) -> Result<Vec<u8>, Error> {
    let size = shapes.get(index).size;
    // A schema that any process may have written says how many they are.
    let mut bytes = bytemuck::allocation::try_zeroed_vec(size).map_err(|()| no_memory(size))?;
    write(shapes, index, &mut Image::of_value(&mut bytes), 0, data)?;
    Ok(bytes)
}

/// A key of type `index`, with its bytes; a text may stand for a key of another type, as in JSON.
pub(super) fn key(shapes: &Shapes, index: usize, data: &Data) -> Result<(Vec<u8>, Key<'static>), Error> {
    let shape = shapes.get(shapes.settle(index, 0).0);
    if !super::keys::is_derivable(shapes, index) {
        return Err(super::keys::unknown(shape));
    }
    let bytes = match (data, &shape.form) {
        (Data::Text(text), Form::Scalar(_) | Form::TimeSpan | Form::Timestamp | Form::Blob { .. }) => {
            let parsed = Key::parse(shape, &Segment::Name(text))?;
            bytes(shapes, index, &parsed.data())?
        }
        (data, _) => bytes(shapes, index, data)?,
    };
    let key = Key::read(shapes, index, super::source::Source::Whole(&bytes), 0)?.into_owned();
    Ok((bytes, key))
}

/// Whether a counted run has room for one more.
pub(super) fn has_room(shape: &Shape, counted: Counted, len: usize) -> Result<(), Error> {
    if len < counted.items.capacity { Ok(()) } else { Err(full(&shape.name, counted.items.capacity, len + 1)) }
}
