//! [`Declaration`]: the schema of a type that no Rust program declares, laid out as the derive and the compiler do it.

mod library;

use super::create::schema_of;
use crate::error::{Error, ErrorRepr};
use crate::layout::Scalar;
use crate::layout::schema::{Argument, Doc, Field, Kind, Schema, Type, Variant};

/// Bytes of the head of a container that keeps marks.
const HEAD: u64 = 64;

/// The largest size of a type that is laid out here.
const LARGEST: u64 = 1 << 48;

/// Types that another language declares, and the schema that they make: for [`DynState::create_from_schema`].
///
/// [`DynState::create_from_schema`]: super::DynState::create_from_schema
///
/// The layout is the one that `#[repr(C)]` and `#[derive(SharedLayout)]` give to the same types in Rust, so that a Rust program opens
/// with its derive what a program without Rust has created, and the other way round.
///
/// ```
/// use shmstate::dynamic::{Declaration, DynState, FieldDef, StructDef};
/// use shmstate::{List, SharedLayout, State, Text};
///
/// let mut types = Declaration::new();
/// let (u64, f64) = (types.library("u64", &[], 0)?, types.library("f64", &[], 0)?);
/// let (owner, samples) = (types.library("Text", &[], 32)?, types.library("List", &[f64], 1024)?);
/// let fields = vec![FieldDef::new("ticks", u64), FieldDef::new("owner", owner), FieldDef::new("samples", samples)];
/// let board = types.structure(StructDef::new("Board", fields))?;
/// let schema = types.schema(board)?;
///
/// #[derive(SharedLayout)]
/// #[repr(C)]
/// struct Board { ticks: u64, owner: Text<32>, samples: List<f64, 1024> }
///
/// # let dir = tempfile::tempdir()?;
/// # let name = dir.path().join("board");
/// let made = DynState::create_from_schema(&name, &schema)?;
/// made.update(|v| v.push("samples", 0.5))?;
/// assert_eq!(State::<Board>::open(&name)?.read(|s| s.samples[0])?, 0.5);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Declaration {
    types: Vec<Declared>,
    /// Of each, how many types are inside of each other in it.
    depths: Vec<u32>,
}

/// A type of a [`Declaration`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeId(usize);

/// A struct: [`Declaration::structure`].
#[derive(Clone, Debug)]
pub struct StructDef {
    name: String,
    version: u32,
    docs: String,
    arguments: Vec<Argument>,
    fields: Vec<FieldDef>,
}

/// A field of a [`StructDef`] or a [`VariantDef`].
#[derive(Clone, Debug)]
pub struct FieldDef {
    name: String,
    ty: TypeId,
    docs: String,
}

/// A variant of an enum: [`Declaration::enumeration`].
#[derive(Clone, Debug)]
pub struct VariantDef {
    name: String,
    value: u64,
    docs: String,
    fields: Vec<FieldDef>,
}

impl TypeId {
    /// Its number among all types of the declaration, which begins with 0: also an index into what
    /// [`Declaration::schema_with_indices`] returns.
    #[must_use]
    pub fn number(self) -> usize {
        self.0
    }
}

impl StructDef {
    /// A struct of these fields, in this order. Without names, they are called `0`, `1` and so on.
    pub fn new(name: impl Into<String>, fields: Vec<FieldDef>) -> Self {
        StructDef { name: name.into(), version: 0, docs: String::new(), arguments: Vec::new(), fields }
    }

    /// The number of `#[shared(version = N)]`.
    #[must_use]
    pub fn version(mut self, version: u32) -> Self {
        self.version = version;
        self
    }

    /// Its documentation.
    #[must_use]
    pub fn docs(mut self, docs: impl Into<String>) -> Self {
        self.docs = docs.into();
        self
    }

    /// One more argument of a generic type: a type that its fields hold.
    #[must_use]
    pub fn argument(mut self, ty: TypeId) -> Self {
        self.arguments.push(Argument::Type(ty.0 as u32));
        self
    }

    /// One more argument of a generic type: a number.
    #[must_use]
    pub fn constant(mut self, number: i128) -> Self {
        self.arguments.push(Argument::Const(number));
        self
    }
}

impl FieldDef {
    /// A field.
    pub fn new(name: impl Into<String>, ty: TypeId) -> Self {
        FieldDef { name: name.into(), ty, docs: String::new() }
    }

    /// Its documentation.
    #[must_use]
    pub fn docs(mut self, docs: impl Into<String>) -> Self {
        self.docs = docs.into();
        self
    }
}

impl VariantDef {
    /// A variant with that discriminant. One variant of an enum has the discriminant 0, and no fields.
    pub fn new(name: impl Into<String>, value: u64, fields: Vec<FieldDef>) -> Self {
        VariantDef { name: name.into(), value, docs: String::new(), fields }
    }

    /// Its documentation.
    #[must_use]
    pub fn docs(mut self, docs: impl Into<String>) -> Self {
        self.docs = docs.into();
        self
    }
}

/// A type, whose parts are named by their index among all that were declared, and what is documented of it.
#[derive(Clone, Debug)]
struct Declared {
    ty: Type,
    docs: Vec<(String, String)>,
}

fn wrong(why: impl Into<String>) -> Error {
    ErrorRepr::InvalidOption(why.into()).into()
}

/// Refuses a size that no state has.
fn check_size(of: &str, size: u64) -> Result<(), Error> {
    if size <= LARGEST { Ok(()) } else { Err(wrong(format!("`{of}` is larger than a state can be"))) }
}

/// The next multiple of an alignment.
fn aligned(at: u64, align: u32) -> u64 {
    at.next_multiple_of(u64::from(align))
}

impl Declaration {
    /// No types.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Plain bytes of a type that is not described: what `#[shared(pod)]` marks in Rust.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an alignment that is no power of two, or that does not divide the size, and for a
    /// size that no state has.
    pub fn pod(&mut self, name: &str, size: usize, align: usize) -> Result<TypeId, Error> {
        check_size(name, size as u64)?;
        if !align.is_power_of_two() || !size.is_multiple_of(align) || align > 4096 {
            return Err(wrong(format!("`{name}`: {size} bytes at multiples of {align} are no type")));
        }
        Ok(self.put(name, size as u64, align as u32, Kind::Pod))
    }

    /// A struct, as `#[repr(C)]` lays it out.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for a struct that the derive does not accept: with padding between fields or
    /// after the last, or without fields; and for an argument or a field of another declaration.
    pub fn structure(&mut self, def: StructDef) -> Result<TypeId, Error> {
        if def.fields.is_empty() {
            return Err(wrong(format!("the struct `{}` has no fields", def.name)));
        }
        for argument in &def.arguments {
            if let Argument::Type(index) = argument {
                let _ = self.get(TypeId(*index as usize))?;
            }
        }
        let (fields, end, align) = self.lay_out(&def.name, 0, &def.fields)?;
        if aligned(end, align) != end {
            return Err(padding(&def.name, "after the last field", aligned(end, align) - end));
        }
        let mut docs = vec![(String::new(), def.docs)];
        docs.extend(def.fields.into_iter().map(|field| (field.name, field.docs)));
        let (name, arguments, version) = (def.name, def.arguments, def.version);
        let ty = Type { name, size: end, align, version, arguments, kind: Kind::Struct(fields) };
        Ok(self.push(ty, docs))
    }

    /// An enum whose discriminant is the integer type `repr` (`u8`, `u16`, `u32`, `u64`), as `#[repr(u8)]` lays it out; or with `c`,
    /// as `#[repr(C, u8)]` does, so that the fields of all variants start at one offset.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for an enum that the derive does not accept: with padding before or between
    /// fields, without a variant of discriminant 0 that has no fields, or with a discriminant that `repr` does not hold.
    pub fn enumeration(
        &mut self,
        name: &str,
        docs: &str,
        repr: &str,
        c: bool,
        variants: Vec<VariantDef>,
    ) -> Result<TypeId, Error> {
        let repr = match repr {
            "u8" => Scalar::U8,
            "u16" => Scalar::U16,
            "u32" => Scalar::U32,
            "u64" => Scalar::U64,
            other => {
                return Err(wrong(format!("`{name}`: `{other}` is no discriminant: `u8`, `u16`, `u32` or `u64` is")));
            }
        };
        if !variants.iter().any(|variant| variant.value == 0 && variant.fields.is_empty()) {
            return Err(wrong(format!(
                "the enum `{name}` has no variant of value 0 without fields, which a new state has"
            )));
        }
        if let Some(variant) = variants.iter().find(|variant| !repr.holds(variant.value)) {
            let (variant, value, repr) = (&variant.name, variant.value, repr.name());
            return Err(wrong(format!(
                "the variant `{variant}` of `{name}` has the value {value}, which no `{repr}` holds: give it a smaller one, or \
                 the enum a wider discriminant"
            )));
        }
        let tag = repr.size() as u64;
        let mut alignment = repr.size() as u32;
        for field in variants.iter().flat_map(|variant| &variant.fields) {
            alignment = alignment.max(self.get(field.ty)?.align);
        }
        let payloads = variants.iter().any(|variant| !variant.fields.is_empty());
        // With the `C`, the union of all payloads follows the discriminant.
        let start = if c && payloads { aligned(tag, alignment) } else { tag };
        if start != tag {
            return Err(padding(name, "after the discriminant", start - tag));
        }
        let (mut all, mut size, mut notes) = (Vec::new(), tag, vec![(String::new(), docs.to_owned())]);
        for variant in variants {
            let (fields, end, _) = self.lay_out(&format!("{name}::{}", variant.name), start, &variant.fields)?;
            size = size.max(end);
            notes.push((variant.name.clone(), variant.docs));
            notes.extend(variant.fields.into_iter().map(|f| (format!("{}.{}", variant.name, f.name), f.docs)));
            all.push(Variant { name: variant.name, value: variant.value, fields });
        }
        let kind = Kind::Enum { repr, variants: all };
        let (name, size) = (name.to_owned(), aligned(size, alignment));
        let ty = Type { name, size, align: alignment, version: 0, arguments: Vec::new(), kind };
        Ok(self.push(ty, notes))
    }

    /// The schema of a state of that type.
    ///
    /// # Errors
    /// [`InvalidOption`](crate::ErrorKind::InvalidOption) for a type that no state can have.
    pub fn schema(&self, root: TypeId) -> Result<String, Error> {
        Ok(self.schema_with_indices(root)?.0)
    }

    /// The schema of a state of that type, and the number in it of each type that was declared: an index into `types` of the document.
    ///
    /// # Errors
    /// As for [`schema`](Self::schema).
    pub fn schema_with_indices(&self, root: TypeId) -> Result<(String, Vec<Option<usize>>), Error> {
        // What is nested more deeply is no schema, and takes a stack without end.
        self.get(root)?.check_depth(self.depths[root.0]).map_err(|why| wrong(format!("the schema: {why}")))?;
        let mut schema = Schema { types: Vec::new(), docs: Vec::new() };
        let mut indices = vec![None; self.types.len()];
        self.add(root.0, &mut schema, &mut indices);
        let document = schema.document();
        let _ = schema_of(&document)?;
        Ok((document, indices))
    }

    /// Adds a type after its parts, in the order in which the derive does it; its index.
    fn add(&self, declared: usize, schema: &mut Schema, indices: &mut Vec<Option<usize>>) -> u32 {
        if let Some(index) = indices[declared] {
            return index as u32;
        }
        let Declared { ty, docs } = &self.types[declared];
        let mut ty = ty.clone();
        let mut part = |index: &mut u32| *index = self.add(*index as usize, schema, indices);
        match &mut ty.kind {
            Kind::Struct(fields) => fields.iter_mut().for_each(|field| part(&mut field.ty)),
            Kind::Enum { variants, .. } => {
                variants.iter_mut().flat_map(|v| &mut v.fields).for_each(|field| part(&mut field.ty));
            }
            Kind::Array { item, .. } | Kind::List { item, .. } => part(item),
            _ => {}
        }
        for argument in &mut ty.arguments {
            if let Argument::Type(index) = argument {
                part(index);
            }
        }
        let found = schema.types.iter().position(|known| *known == ty);
        let index = found.unwrap_or_else(|| {
            schema.types.push(ty);
            let index = schema.types.len() - 1;
            for (part, text) in docs.iter().filter(|(_, text)| !text.is_empty()) {
                let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
                let text = text.chars().map(plain).collect();
                schema.docs.push(Doc { ty: index as u32, part: part.clone(), text });
            }
            index
        });
        indices[declared] = Some(index);
        index as u32
    }

    fn get(&self, id: TypeId) -> Result<&Type, Error> {
        let found = self.types.get(id.0).map(|declared| &declared.ty);
        found.ok_or_else(|| wrong("a type of another declaration"))
    }

    fn push(&mut self, ty: Type, docs: Vec<(String, String)>) -> TypeId {
        self.depths.push(ty.depth(&self.depths));
        self.types.push(Declared { ty, docs });
        TypeId(self.types.len() - 1)
    }

    fn put(&mut self, name: &str, size: u64, align: u32, kind: Kind) -> TypeId {
        let ty = Type { name: name.to_owned(), size, align, version: 0, arguments: Vec::new(), kind };
        self.push(ty, Vec::new())
    }

    /// The size and the alignment of so many values.
    fn repeated(&self, item: TypeId, count: u64) -> Result<(u64, u32), Error> {
        let item = self.get(item)?;
        let size = item.size.checked_mul(count).filter(|size| *size <= LARGEST);
        let size =
            size.ok_or_else(|| wrong(format!("{count} times `{}` are more than a state can hold", item.name)))?;
        Ok((size, item.align))
    }

    /// Where the items after a head of marks are, and the size and the alignment of all.
    fn tracked(&self, item: TypeId, count: u64) -> Result<(u64, u64, u32), Error> {
        let (size, align) = self.repeated(item, count)?;
        let (at, align) = (aligned(HEAD, align), align.max(8));
        Ok((at, aligned(at + size, align), align))
    }

    /// A struct of the library's own, in which padding is of no importance.
    fn composed(&mut self, name: &str, align: u32, fields: &[(&str, TypeId)]) -> Result<TypeId, Error> {
        let (mut at, mut whole, mut placed) = (0, align, Vec::new());
        for (field, id) in fields {
            let ty = self.get(*id)?;
            let offset = aligned(at, ty.align);
            whole = whole.max(ty.align);
            at = offset + ty.size;
            check_size(name, at)?;
            placed.push(Field { name: (*field).to_owned(), offset, ty: id.0 as u32 });
        }
        Ok(self.put(name, aligned(at, whole), whole, Kind::Struct(placed)))
    }

    /// Fields from `at` on, their end, and the largest alignment; without gaps.
    fn lay_out(&self, of: &str, mut at: u64, fields: &[FieldDef]) -> Result<(Vec<Field>, u64, u32), Error> {
        let (mut align, mut placed) = (1, Vec::new());
        for field in fields {
            let ty = self.get(field.ty)?;
            let offset = aligned(at, ty.align);
            if offset != at {
                return Err(padding(of, &format!("before the field `{}`", field.name), offset - at));
            }
            align = align.max(ty.align);
            at = offset + ty.size;
            check_size(of, at)?;
            placed.push(Field { name: field.name.clone(), offset, ty: field.ty.0 as u32 });
        }
        Ok((placed, at, align))
    }
}

fn padding(of: &str, at: &str, bytes: u64) -> Error {
    wrong(format!(
        "`{of}` has {bytes} bytes of padding {at}: fill them with a field `_pad` of {bytes} `u8`, or put the fields of larger \
         alignment first"
    ))
}
