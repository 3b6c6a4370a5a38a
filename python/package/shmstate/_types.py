"""Types of fields, and the classes that are declared of them."""

from __future__ import annotations

import copy
import enum
import keyword
import sys
import typing
from typing import Any

from ._shmstate import Declaration, Field, StructBase, types_of


class Type:
    """The type of a field: ``u64``, ``Text[32]``, ``List[f64, 1024]``."""

    __slots__ = ("name", "types", "count", "_default")

    def __init__(self, name: str, types: "tuple[Any, ...]" = (), count: int = 0, default: Any = None) -> None:
        self.name = name
        self.types = types
        self.count = count
        self._default = default

    def __repr__(self) -> str:
        if self.name.startswith("Option"):
            return self.name
        inside = [_name(ty) for ty in self.types] + ([str(self.count)] if self.name in _COUNTED else [])
        return f"{self.name}[{', '.join(inside)}]" if inside else self.name

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Type):
            return NotImplemented
        return (self.name, self.types, self.count) == (other.name, other.types, other.count)

    def __hash__(self) -> int:
        return hash((self.name, self.types, self.count))

    def __or__(self, other: Any) -> Any:
        # So that `sm.u64 | None` says what is meant.
        raise TypeError(f"`{self!r} | …` is no type of a field: write `Maybe[{self!r}]` for a value that may be missing")

    __ror__ = __or__

    def _shm_declare(self, context: "_Context") -> int:
        parts = [context.declare(ty) for ty in self.types]
        return context.types.library(self.name, parts, self.count)

    def _shm_zero(self) -> Any:
        """What a value by itself begins with, as a new state does."""
        if self.name in _ARRAYS:
            return [_zero(self.types[0]) for _ in range(self.count)]
        if self.name in _AROUND_ONE:
            return _zero(self.types[0])
        return self._default() if callable(self._default) else self._default


def _zero(ty: Any) -> Any:
    if isinstance(ty, Type):
        return ty._shm_zero()
    return ty._shm_zero() if hasattr(ty, "_shm_zero") else ty()


def _name(ty: Any) -> str:
    return repr(ty) if isinstance(ty, Type) else getattr(ty, "__name__", repr(ty))


# What has always as many items as it has room for, and what is shown as the one value in it.
_ARRAYS, _AROUND_ONE = {"array", "Array"}, {"Tracked", "Wrapping", "Saturating"}
_COUNTED = {"array", "Array", "List", "Ring", "Queue", "Slab", "Set", "Map", "SortedMap", "Text", "Blob"}


class _Generic:
    """What takes types and a number in brackets."""

    def __init__(self, name: str, types: int, counted: bool, default: Any, docs: str) -> None:
        self._name, self._types, self._counted, self._default = name, types, counted, default
        self.__doc__ = docs

    def __repr__(self) -> str:
        return f"shmstate.{self._name}"

    def __getitem__(self, arguments: Any) -> Type:
        given = arguments if isinstance(arguments, tuple) else (arguments,)
        needed = self._types + self._counted
        if len(given) != needed:
            kinds = ["a type"] * self._types + ["a number"] * self._counted
            raise TypeError(f"`{self._name}[…]` takes {' and '.join(kinds)}, and not {len(given)} arguments")
        types = tuple(_checked(ty, self._name) for ty in given[: self._types])
        count = 0
        if self._counted:
            count = given[-1]
            if typing.get_origin(count) is typing.Literal:  # what type checkers want to see
                (count,) = typing.get_args(count)
            if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < 2**63:
                raise TypeError(f"`{self._name}[…]`: {count!r} is no capacity: write a number, or `Literal[…]` of one")
        return Type("array" if self._name == "Plain" else self._name, types, count, self._default)

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(f"`{self._name}` is the type of a field: write `{self._name}[…]` after a field's name")


def _checked(ty: Any, of: str) -> Any:
    if isinstance(ty, Type) or (isinstance(ty, type) and issubclass(ty, (Struct, Enum, Union))):
        return ty
    for builtin, instead in ((int, "`i64` or `u64`"), (float, "`f64`"), (str, "`Text[…]`"), (bytes, "`Blob[…]`")):
        if ty is builtin:
            raise TypeError(f"`{of}`: `{builtin.__name__}` has no fixed size: write {instead}")
    if ty is bool:
        return bool_
    if isinstance(ty, _Generic):
        raise TypeError(f"`{of}`: `{ty._name}` needs its capacity in brackets")
    if ty is Archived:
        ty[...]
    if isinstance(ty, (Struct, Enum)):
        raise TypeError(f"`{of}`: {ty!r} is a value: name its class, `{type(ty).__name__}`")
    raise TypeError(f"`{of}`: {ty!r} is no type that a state can have")


u8, u16, u32, u64, u128, i8, i16, i32, i64, i128 = (
    Type(name, default=0) for name in ("u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128")
)
f32, f64 = Type("f32", default=0.0), Type("f64", default=0.0)
bool_ = Type("bool", default=False)
char = Type("char", default="\0")
TimeSpan, Timestamp = Type("TimeSpan", default=0), Type("Timestamp", default=0)
Key = Type("Key", default=0)


def _address() -> Any:
    import ipaddress

    return ipaddress.IPv4Address(0)


def _uuid() -> Any:
    import uuid

    return uuid.UUID(int=0)


IpAddress = Type("IpAddress", default=_address)
SocketAddress = Type("SocketAddress", default=("0.0.0.0", 0))
Uuid = Type("Uuid", default=_uuid)

Text = _Generic("Text", 0, True, "", "``Text[32]``: a text of up to 32 bytes of UTF-8, as a ``str``.")
Blob = _Generic("Blob", 0, True, b"", "``Blob[32]``: up to 32 bytes, as ``bytes``.")
List = _Generic("List", 1, True, list, "``List[f64, 1024]``: a list of up to 1024 items, which behaves like ``list``.")
Array = _Generic("Array", 1, True, list, "``Array[f64, 1024]``: always 1024 items. An update copies those that it touches.")
Plain = _Generic("Plain", 1, True, list, "``Plain[u8, 7]``: what Rust calls ``[u8; 7]``. Each update copies all of it.")
Ring = _Generic("Ring", 1, True, list, "``Ring[f64, 100]``: the latest 100 items; ``append`` drops the oldest.")
Queue = _Generic("Queue", 1, True, list, "``Queue[Job, 100]``: ``append`` and ``popleft`` take the same time, however many there are.")
Slab = _Generic("Slab", 1, True, dict, "``Slab[Job, 100]``: values with keys that stay: ``add`` returns one.")
Set = _Generic("Set", 1, True, set, "``Set[Text[16], 100]``: behaves like ``set``.")
Map = _Generic("Map", 2, True, dict, "``Map[Text[16], u64, 100]``: behaves like ``dict``.")
SortedMap = _Generic("SortedMap", 2, True, dict, "``SortedMap[u64, f64, 100]``: a map in the order of its keys.")
Maybe = _Generic("Maybe", 1, False, None, "``Maybe[u64]``: a value, or ``None``.")
Tracked = _Generic("Tracked", 1, False, None, "``Tracked[Config]``: a value that an update copies only if it touches it.")
Wrapping = _Generic("Wrapping", 1, False, None, "``Wrapping[u64]``: what Rust calls so; a number here.")
Saturating = _Generic("Saturating", 1, False, None, "``Saturating[u64]``: what Rust calls so; a number here.")


class _NonZero:
    """``NonZero[u64]``: a number that is not 0, or ``None``, in the bytes of the number."""

    def __getitem__(self, ty: Type) -> Type:
        if not isinstance(ty, Type) or ty.name not in {"u8", "u16", "u32", "u64", "u128", "i8", "i16", "i32", "i64", "i128"}:
            raise TypeError(f"`NonZero[…]` takes a type of integers, and not {ty!r}")
        return Type(f"Option<NonZero<{ty.name}>>")


NonZero = _NonZero()


class _Archived:
    """``Archived``, which only Rust can declare."""

    __name__ = "Archived"

    def __getitem__(self, _: Any) -> Any:
        raise TypeError(
            "`Archived` cannot be declared in Python, because only the derive of the Rust type checks its bytes: declare the state in Rust "
            "and open it by its name alone (`sm.open(name)`), or hold the value in a struct, a `Text[…]` or a `Blob[…]`"
        )

    __call__ = __getitem__


Archived = _Archived()


class _Pod(Type):
    """Bytes of a type that is not described."""

    __slots__ = ()

    def _shm_declare(self, context: "_Context") -> int:
        size, align = self.types
        return context.types.pod(self.name, size, align)


def Pod(name: str, size: int, align: int = 1) -> Type:
    """Bytes of a type that only the Rust program knows, by its name, size and alignment."""
    return _Pod(name, (size, align), 0, bytes(size))


class _Context:
    """A declaration in the making."""

    def __init__(self) -> None:
        self.types = Declaration()
        self.numbers: "dict[Any, int]" = {}
        self.open: "list[Any]" = []

    def declare(self, ty: Any) -> int:
        if ty not in self.numbers:
            if ty in self.open:
                raise TypeError(f"`{_name(ty)}` contains itself: a state has a fixed size")
            self.open.append(ty)
            self.numbers[ty] = ty._shm_declare(self)
            self.open.pop()
        return self.numbers[ty]


def _attribute(name: str) -> str:
    """The attribute that shows a field of that name."""
    if name.isdigit():
        return f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) else name


def _field_name(attribute: str, all_numbered: bool) -> str:
    if all_numbered:
        return attribute[1:]
    bare = attribute[:-1]
    return bare if attribute.endswith("_") and keyword.iskeyword(bare) else attribute


def _hints(cls: type) -> "dict[str, Any]":
    """The annotations of a class itself, in their order, with texts resolved."""
    own = cls.__dict__.get("__annotations__")
    if own is None and sys.version_info >= (3, 14):
        import annotationlib

        own = annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    module = vars(sys.modules.get(cls.__module__, typing))
    found = {}
    for name, hint in (own or {}).items():
        if isinstance(hint, str):
            try:
                hint = eval(hint, dict(module), dict(vars(cls)))  # noqa: S307 - an annotation of the program's own
            except NameError as error:
                raise TypeError(
                    f"`{cls.__name__}.{name}`: {error}. Declare what it names at the top level of the module, or leave out "
                    "`from __future__ import annotations`"
                ) from None
        if typing.get_origin(hint) is typing.ClassVar or hint is typing.ClassVar:
            continue
        if typing.get_origin(hint) is typing.Annotated:
            hint = typing.get_args(hint)[-1]
        found[name] = _checked(hint, f"{cls.__name__}.{name}")
    return found


_MISSING = object()


class _Meta(type):
    """The class of classes that are structs."""

    def __new__(meta, class_: str, bases: Any, namespace: "dict[str, Any]", /, **options: Any) -> Any:
        # A misspelt field is an error, and not a new attribute.
        namespace.setdefault("__slots__", ())
        return super().__new__(meta, class_, bases, namespace)

    def __init__(cls, class_: str, bases: Any, namespace: "dict[str, Any]", /, **options: Any) -> None:
        super().__init__(class_, bases, namespace)
        if "_abstract_" not in namespace:
            cls._set_up_(**options)


class Struct(StructBase, metaclass=_Meta):
    """A struct: its fields are its annotations.

    >>> class Board(Struct):
    ...     ticks: u64
    ...     owner: Text[32]
    ...     samples: List[f64, 1024]

    The layout is that of the Rust struct with the same names and types, ``#[repr(C)]`` and ``#[derive(SharedLayout)]``.
    A value after a field (``ticks: u64 = 5``) is what new states begin with. ``class Board(Struct, version=2)`` gives
    the layout a number of the program's own.

    Inside of a block, an object is a view of a part of the state. ``Board(ticks=5)`` is a value by itself, which can be
    appended to a list or assigned to a field.
    """

    __slots__ = ()
    _abstract_ = True
    _fields_: "tuple[tuple[str, str, Any], ...]" = ()
    _defaults_: "dict[int, Any]" = {}
    _options_: "dict[str, Any]" = {}
    _variant_: bool = False
    # Whether the class is one that a state opened by its name alone is shown by.
    _made_: bool = False

    @classmethod
    def _set_up_(cls, *, name: "str | None" = None, version: int = 0, arguments: "tuple[Any, ...]" = (), **more: Any) -> None:
        if more:
            raise TypeError(f"`{cls.__name__}`: there is no option `{next(iter(more))}`: `name`, `version`, `arguments`")
        cls._options_ = {"name": name or cls.__name__, "version": version, "arguments": arguments}
        inherited = [base for base in cls.__mro__[1:] if base.__dict__.get("_fields_")]
        if inherited and "_fields_" not in cls.__dict__:
            if cls.__dict__.get("__annotations__"):
                raise TypeError(f"`{cls.__name__}`: a struct with fields of its own cannot derive from `{inherited[0].__name__}`, which has some: hold it in a field")
            return
        cls._make_fields_([(name, ty) for name, ty in _hints(cls).items()])

    @classmethod
    def _make_fields_(cls, hints: "list[tuple[str, Any]]", names: "list[str] | None" = None) -> None:
        numbered = bool(hints) and all(name == f"_{i}" for i, (name, _) in enumerate(hints))
        fields, defaults = [], {}
        docs = cls.__dict__.get("__field_docs__", {})
        for index, (attribute, ty) in enumerate(hints):
            default = cls.__dict__.get(attribute, _MISSING)
            if default is not _MISSING:
                defaults[index] = default
            setattr(cls, attribute, Field(index, attribute, ty, docs.get(attribute)))
            name = names[index] if names else _field_name(attribute, numbered)
            fields.append((attribute, name, ty))
        cls._fields_, cls._defaults_ = tuple(fields), defaults
        cls.__match_args__ = tuple(attribute for attribute, _, _ in fields)

    @classmethod
    def _field_names_(cls) -> "tuple[str, ...]":
        return tuple(attribute for attribute, _, _ in cls._fields_)

    @classmethod
    def _default_(cls, index: int) -> Any:
        # Of its own for each value: a list may be changed.
        return copy.deepcopy(cls._defaults_[index]) if index in cls._defaults_ else _zero(cls._fields_[index][2])

    @classmethod
    def _declared_fields_(cls, context: _Context) -> "list[tuple[str, int, str]]":
        docs = cls.__dict__.get("__field_docs__", {})
        return [(name, context.declare(ty), docs.get(attribute, "")) for attribute, name, ty in cls._fields_]

    @classmethod
    def _shm_declare(cls, context: _Context) -> int:
        options, fields = cls._options_, cls._declared_fields_(context)
        arguments = [
            (False, int(argument)) if isinstance(argument, int) else (True, context.declare(argument))
            for argument in options["arguments"]
        ]
        return context.types.structure(options["name"], options["version"], _docs(cls), arguments, fields)

    def copy(self) -> Any:
        """A value by itself, with the same content, all the way down."""
        return copy.deepcopy(self)

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Any:
        if self._is_view_():
            return self._plain_()
        return type(self)(*(copy.deepcopy(value, memo) for value in self._values_()))

    def asdict(self) -> "dict[str, Any]":
        """A dictionary of the fields; structs in it are dictionaries as well."""
        return {name: _as_plain(getattr(self, name)) for name in self._field_names_()}

    def _values_(self) -> "list[Any]":
        return [getattr(self, name) for name in self._field_names_()]

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._values_() == other._values_()  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        if self._is_view_():
            raise TypeError("a view of a state may change, and has no hash: use `.copy()`")
        return hash((type(self).__name__, *map(_hashable, self._values_())))

    def __repr__(self) -> str:
        name = type(self).__qualname__ if self._variant_ else type(self).__name__
        return f"{name}({', '.join(f'{name}={getattr(self, name)!r}' for name in self._field_names_())})"

    def __reduce__(self) -> Any:
        if self._made_:
            raise TypeError(
                f"`{type(self).__qualname__}` was made of what the region says, and no other process has the class: pickle `.asdict()`, or "
                "open the state with a class that the program declares"
            )
        plain = self._plain_()
        return type(self), tuple(plain._values_())

    @property
    def version_(self) -> "int | None":
        """The version that this view is a part of; ``None`` for a value by itself."""
        return self._version_()


def _hashable(value: Any) -> Any:
    """The value as a part of a key: a list counts as a tuple."""
    return tuple(map(_hashable, value)) if isinstance(value, list) else value


def _docs(cls: type) -> str:
    import inspect

    return inspect.cleandoc(cls.__dict__.get("__doc__") or "")


def _as_plain(value: Any) -> Any:
    if isinstance(value, Struct):
        return value.asdict()
    if isinstance(value, (str, bytes, int, float)) or value is None:
        return value
    if hasattr(value, "items"):
        return {key: _as_plain(one) for key, one in value.items()}
    if isinstance(value, list) or hasattr(value, "tolist"):
        return [_as_plain(one) for one in value]
    return value.copy() if hasattr(value, "copy") else value


_REPRS = ("u8", "u16", "u32", "u64")


class Enum(enum.Enum):
    """An enum without fields, as Rust's ``#[repr(u8)]``: ``class Phase(Enum): Idle = 0; Running = 1``.

    One member has the value 0, which a new state has. ``class Phase(Enum, repr="u16")`` gives it another size.
    """

    def __init_subclass__(cls, *, repr: str = "u8", name: "str | None" = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if repr not in _REPRS:
            raise TypeError(f"`{cls.__name__}`: `{repr}` is no size of an enum: {', '.join(_REPRS)}")
        cls._options_ = {"repr": repr, "name": name or cls.__name__}  # type: ignore[attr-defined]

    @classmethod
    def _shm_declare(cls, context: _Context) -> int:
        variants = [(member.name, member.value, "", []) for member in cls]
        options = cls._options_  # type: ignore[attr-defined]
        return context.types.enumeration(options["name"], _docs(cls), options["repr"], False, variants)

    @classmethod
    def _shm_zero(cls) -> "Enum":
        return cls(0)

    @classmethod
    def _shm_shown(cls) -> "list[Enum]":
        return list(cls)


class _UnionMeta(type):
    def __init__(cls, class_: str, bases: Any, namespace: "dict[str, Any]", /, **options: Any) -> None:
        super().__init__(class_, bases, namespace)
        if bases:
            cls._set_up_(**options)

    def __new__(meta, class_: str, bases: Any, namespace: "dict[str, Any]", /, **_: Any) -> Any:
        return super().__new__(meta, class_, bases, namespace)

    def __call__(cls, *_: Any, **__: Any) -> Any:
        names = ", ".join(f"`{cls.__name__}.{variant.__name__}(…)`" for variant in cls._variants_)
        raise TypeError(f"`{cls.__name__}` has variants, and no values besides: {names}")

    def __instancecheck__(cls, instance: Any) -> bool:
        return any(type(instance) is variant for variant in cls._variants_)


class Union(metaclass=_UnionMeta):
    """An enum whose variants have fields: each variant is a class inside, a ``Variant``.

    >>> class Task(Union):
    ...     class Idle(Variant): ...
    ...     class Copy(Variant):
    ...         source: Text[24]
    ...         target: Text[24]

    ``s.task = Task.Copy(source="a", target="b")``; ``match s.task: case Task.Copy(target=target): …``.

    As in Rust's ``#[repr(C, u64)]``; ``class Small(Union, repr="u8", c=False)`` is ``#[repr(u8)]``. The first variant has no fields.
    """

    _variants_: "list[Any]" = []
    _options_: "dict[str, Any]" = {}

    @classmethod
    def _set_up_(cls, *, repr: str = "u64", c: bool = True, name: "str | None" = None) -> None:
        variants = [one for one in vars(cls).values() if isinstance(one, type) and issubclass(one, Variant)]
        value = 0
        for variant in variants:
            value = variant._options_["value"] if variant._options_["value"] is not None else value
            variant._value_, variant._variant_ = value, True
            value += 1
        cls._variants_ = variants
        cls._options_ = {"repr": repr, "c": c, "name": name or cls.__name__}

    @classmethod
    def _shm_declare(cls, context: _Context) -> int:
        variants = [
            (variant._options_["name"], variant._value_, _docs(variant), variant._declared_fields_(context))
            for variant in cls._variants_
        ]
        options = cls._options_
        return context.types.enumeration(options["name"], _docs(cls), options["repr"], options["c"], variants)

    @classmethod
    def _shm_zero(cls) -> Any:
        return next(variant for variant in cls._variants_ if variant._value_ == 0)()

    @classmethod
    def _shm_shown(cls) -> "list[Any]":
        return cls._variants_


class Variant(Struct):
    """A variant of a ``Union``, with its fields."""

    _abstract_ = True
    _options_: "dict[str, Any]" = {}
    _value_ = 0

    @classmethod
    def _set_up_(cls, *, value: "int | None" = None, name: "str | None" = None, **more: Any) -> None:
        super()._set_up_(name=name, **more)
        cls._options_["value"] = value

    @classmethod
    def _shm_declare(cls, context: _Context) -> int:
        raise TypeError(f"`{cls.__name__}` is a variant, and no type of a field: name its `Union`")


class Schema:
    """What a class, or a type, is in a region: the document, and the class of each type in it."""

    _of: "dict[Any, Schema]" = {}

    def __init__(self, root: Any) -> None:
        context = _Context()
        number = context.declare(root)
        self.root = root
        self.document, indices = context.types.schema(number)
        by_index = {indices[number]: ty for ty, number in reversed(list(context.numbers.items()))}
        self.classes = [_shown(by_index.get(index)) for index in range(len(types_of(self.document)))]

    @classmethod
    def of(cls, root: Any) -> "Schema":
        """The schema of a class, made once."""
        root = _checked(root, "a state")
        if root not in cls._of:
            cls._of[root] = cls(root)
        return cls._of[root]

    def init(self) -> "tuple[Any, list[tuple[list[int], Any]]] | None":
        """What new states begin with, where it is not zero."""
        values: "list[tuple[list[int], Any]]" = []
        _gather(self.root, [], values)
        return (self.classes, values) if values else None


def _gather(ty: Any, way: "list[int]", values: "list[tuple[list[int], Any]]") -> None:
    if isinstance(ty, Type) and ty.name in _AROUND_ONE:
        # It is shown as the value, and is no step of the way.
        _gather(ty.types[0], way, values)
    elif isinstance(ty, Type) and ty.name in _ARRAYS:
        of_items: "list[tuple[list[int], Any]]" = []
        _gather(ty.types[0], [], of_items)
        if of_items:
            values.append((way, _zero(ty)))
    elif isinstance(ty, type) and issubclass(ty, Struct):
        for index, (_, _, field) in enumerate(ty._fields_):
            if index in ty._defaults_:
                values.append(([*way, index], ty._defaults_[index]))
            else:
                _gather(field, [*way, index], values)


def _shown(ty: Any) -> Any:
    if isinstance(ty, type) and issubclass(ty, (Enum, Union)):
        return ty._shm_shown()
    return ty if isinstance(ty, type) else None


def classes_of(document: str) -> "list[Any]":
    """Classes for the structs and enums of a region whose type the program does not declare."""
    made: "list[Any]" = []
    for info in types_of(document):
        made.append(_class_of(info))
    return made


def _class_of(info: "dict[str, Any]") -> Any:
    name = info["name"].split("<")[0]
    if info["kind"] == "struct":
        return _struct(Struct, name, info["name"], info["fields"])
    if info["kind"] != "enum":
        return None
    if all(not fields for _, _, fields in info["variants"]):
        return list(enum.Enum(name, {variant: value for variant, value, _ in info["variants"]}))
    return [_struct(Variant, variant, f"{name}.{variant}", fields) for variant, _, fields in info["variants"]]


def _struct(base: type, name: str, full: str, fields: "list[tuple[str, int]]") -> Any:
    made = _Meta(name, (base,), {"__module__": "shmstate", "__qualname__": full, "_fields_": ()})
    made._make_fields_([(_attribute(name), None) for name, _ in fields], [name for name, _ in fields])
    made._variant_, made._made_ = base is Variant, True
    return made
