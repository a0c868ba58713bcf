//! Values of Python as JSON and back.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyRange, PyString, PyTuple, PyType};
use serde_json::{Map, Number, Value};

/// How deep values may nest; what refers to itself ends here.
const MAX_DEPTH: usize = 64;

/// How many names an error gives of a place, so that a value that refers to itself does not make a long one.
const PATH: usize = 8;

/// A JSON object of a dictionary (or what `dict` takes). Scalars of NumPy, PyTorch and the like are their numbers; NaN
/// and the infinities, which JSON has not, are the texts that stand for them everywhere in besom.
pub(crate) fn object(value: &Bound<'_, PyAny>) -> PyResult<Map<String, Value>> {
    match json(value)? {
        Value::Object(object) => Ok(object),
        _ => Err(PyTypeError::new_err(format!("expected a dict, got {}", kind(value)))),
    }
}

/// A seed that a person gave.
pub(crate) fn seed(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u64>> {
    let of = |given: &Bound<'_, PyAny>| {
        let message = || format!("seed must be an integer from 0 to 2**64 - 1, got {given}");
        given.extract().map_err(|_| PyValueError::new_err(message()))
    };
    given.map(of).transpose()
}

/// The JSON of a value; errors name the place of what is none.
pub(crate) fn json(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    at_depth(value, 0).map_err(|fault| fault.into_error(value.py()))
}

/// Why a value has no JSON, and where in it the reason is, the innermost name first.
struct Fault {
    path: Vec<String>,
    error: PyErr,
}

impl From<PyErr> for Fault {
    fn from(error: PyErr) -> Self {
        Self { path: Vec::new(), error }
    }
}

impl Fault {
    fn below(mut self, name: &str) -> Self {
        self.path.push(name.to_owned());
        self
    }

    fn into_error(mut self, py: Python<'_>) -> PyErr {
        let kind = self.error.get_type(py);
        let is_ours = kind.is(py.get_type::<PyTypeError>()) || kind.is(py.get_type::<PyOverflowError>());
        if self.path.is_empty() || !is_ours {
            return self.error;
        }
        self.path.reverse();
        PyErr::from_type(kind, format!("{}: {}", self.path.join("."), self.error.value(py)))
    }
}

fn at_depth(value: &Bound<'_, PyAny>, depth: usize) -> Result<Value, Fault> {
    if depth > MAX_DEPTH {
        let message = format!("the value is nested more than {MAX_DEPTH} levels deep");
        return Err(PyTypeError::new_err(message).into());
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return Ok(number(float.value()));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::String(text.to_string_lossy().into_owned()));
    }
    if value.is_none() {
        return Ok(Value::Null);
    }
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Bool(flag.is_true()));
    }
    if value.is_instance_of::<PyInt>() {
        return Ok(integer(value)?);
    }
    if let Ok(dict) = value.cast::<PyDict>() {
        return dict.iter().map(|(key, value)| entry(&key, &value, depth)).collect();
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        return items(value, depth);
    }
    foreign(value, depth)
}

fn entry(key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>, depth: usize) -> Result<(String, Value), Fault> {
    let name = name(key)?;
    match at_depth(value, depth + 1) {
        Ok(value) => Ok((name, value)),
        // What refers to itself is named once.
        Err(fault) if fault.path.len() >= PATH => Err(fault),
        Err(fault) => Err(fault.below(&name)),
    }
}

fn items(value: &Bound<'_, PyAny>, depth: usize) -> Result<Value, Fault> {
    let items = value.try_iter()?.map(|item| at_depth(&item?, depth + 1));
    items.collect::<Result<Vec<_>, Fault>>().map(Value::Array)
}

/// Values of other packages, by what they can do.
fn foreign(value: &Bound<'_, PyAny>, depth: usize) -> Result<Value, Fault> {
    let refused =
        || PyTypeError::new_err(format!("expected a number, string, list or dict, got {}", kind(value)));
    // A class has the methods of its objects.
    if value.is_instance_of::<PyType>() {
        return Err(refused().into());
    }
    for method in ["tolist", "item"] {
        if value.hasattr(method)? {
            let inner = value.call_method0(method)?;
            // NumPy's extended floats have no type of Python, and are their own items.
            if !inner.get_type().is(value.get_type()) {
                return at_depth(&inner, depth + 1);
            }
        }
    }
    if value.hasattr("isoformat")? {
        return at_depth(&value.call_method0("isoformat")?, depth + 1);
    }
    if value.hasattr("total_seconds")? {
        return at_depth(&value.call_method0("total_seconds")?, depth + 1);
    }
    if value.hasattr("keys")? && value.hasattr("__getitem__")? {
        let dict = value.py().get_type::<PyDict>().call1((value,))?;
        return at_depth(&dict, depth + 1);
    }
    if value.hasattr("__fspath__")? {
        return at_depth(&value.call_method0("__fspath__")?, depth + 1);
    }
    if value.hasattr("__index__")? {
        return Ok(integer(&value.call_method0("__index__")?)?);
    }
    if value.hasattr("__float__")? {
        return Ok(number(value.call_method0("__float__")?.extract()?));
    }
    if value.is_instance_of::<PyRange>() {
        return items(value, depth);
    }
    Err(refused().into())
}

fn integer(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    if let Ok(number) = value.extract::<i64>() {
        return Ok(number.into());
    }
    let large = value.extract::<u64>().map(Value::from);
    large.map_err(|_| PyOverflowError::new_err(format!("{value} has more than 64 bits")))
}

fn name(key: &Bound<'_, PyAny>) -> PyResult<String> {
    match key.cast::<PyString>() {
        Ok(text) => Ok(text.to_string_lossy().into_owned()),
        Err(_) => {
            let message = format!("expected a string as a name, got {key}, {}", kind(key));
            Err(PyTypeError::new_err(message))
        }
    }
}

fn kind(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .name()
        .map_or_else(|_| "something".to_owned(), |name| format!("a value of type '{name}'"))
}

fn number(x: f64) -> Value {
    let text = |x: f64| {
        if x.is_nan() {
            "NaN"
        } else if x > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
    };
    Number::from_f64(x).map_or_else(|| text(x).into(), Value::Number)
}

/// What a text is for Python.
type OfText = for<'py> fn(Python<'py>, &str) -> Bound<'py, PyAny>;

/// A JSON value for Python.
pub(crate) fn python<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    converted(py, value, text)
}

fn converted<'py>(py: Python<'py>, value: &Value, of_text: OfText) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null => py.None().into_bound(py),
        Value::Bool(flag) => PyBool::new(py, *flag).to_owned().into_any(),
        Value::Number(number) => python_number(py, number)?,
        Value::String(text) => of_text(py, text),
        Value::Array(items) => {
            let list = PyList::empty(py);
            items.iter().try_for_each(|item| list.append(converted(py, item, of_text)?))?;
            list.into_any()
        }
        Value::Object(object) => converted_dict(py, object, of_text)?.into_any(),
    })
}

fn text<'py>(py: Python<'py>, text: &str) -> Bound<'py, PyAny> {
    PyString::new(py, text).into_any()
}

/// A text of a parameter: the texts that stand for numbers that JSON lacks are these numbers.
fn text_or_number<'py>(py: Python<'py>, given: &str) -> Bound<'py, PyAny> {
    let number = match given {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        "-Infinity" => f64::NEG_INFINITY,
        _ => return text(py, given),
    };
    PyFloat::new(py, number).into_any()
}

fn python_number<'py>(py: Python<'py>, number: &Number) -> PyResult<Bound<'py, PyAny>> {
    if let Some(whole) = number.as_i64() {
        return Ok(whole.into_pyobject(py)?.into_any());
    }
    if let Some(whole) = number.as_u64() {
        return Ok(whole.into_pyobject(py)?.into_any());
    }
    Ok(PyFloat::new(py, number.as_f64().unwrap_or(f64::NAN)).into_any())
}

/// A JSON object for Python.
pub(crate) fn dict<'py>(py: Python<'py>, object: &Map<String, Value>) -> PyResult<Bound<'py, PyDict>> {
    converted_dict(py, object, text)
}

/// The parameters of a run for Python, where infinities and NaN are floats again.
pub(crate) fn params<'py>(py: Python<'py>, object: &Map<String, Value>) -> PyResult<Bound<'py, PyDict>> {
    converted_dict(py, object, text_or_number)
}

/// The value of one parameter for Python.
pub(crate) fn param<'py>(py: Python<'py>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    converted(py, value, text_or_number)
}

fn converted_dict<'py>(
    py: Python<'py>,
    object: &Map<String, Value>,
    of_text: OfText,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    object.iter().try_for_each(|(key, value)| dict.set_item(key, converted(py, value, of_text)?))?;
    Ok(dict)
}

/// What serializes, for Python.
pub(crate) fn serialized<'py>(py: Python<'py>, value: &impl serde::Serialize) -> PyResult<Bound<'py, PyAny>> {
    let value = serde_json::to_value(value).map_err(|error| PyTypeError::new_err(error.to_string()))?;
    python(py, &value)
}
