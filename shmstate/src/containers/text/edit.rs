//! Changing a text.

use super::Text;
use crate::containers::CapacityError;

impl<const N: usize> Text<N> {
    /// Makes `text` the content.
    ///
    /// ```
    /// let mut name = shmstate::Text::<4>::new();
    /// name.set("Zoë")?;
    /// assert!(name.set("Chloë").is_err());
    /// assert_eq!(name, "Zoë");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If it is longer than `N` bytes; the content is then as it was.
    pub fn set(&mut self, text: &str) -> Result<(), CapacityError> {
        self.blob.set(text.as_bytes()).map_err(of_text)
    }

    /// Appends `text`, all or nothing.
    ///
    /// ```
    /// let mut name = shmstate::Text::<4>::new();
    /// name.push_str("Zo")?;
    /// name.push_str("ë")?;
    /// assert_eq!(name.push_str("!").unwrap_err().needed(), 5);
    /// assert_eq!(name, "Zoë");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there is not room for all of it; the content is then as it was.
    pub fn push_str(&mut self, text: &str) -> Result<(), CapacityError> {
        self.blob.extend_from_slice(text.as_bytes()).map_err(of_text)
    }

    /// Appends `c`.
    ///
    /// ```
    /// let mut name = shmstate::Text::<3>::new();
    /// name.push('ë')?;
    /// assert_eq!(name.push('ö').unwrap_err().into_inner(), 'ö');
    /// assert_eq!(name, "ë");
    /// # Ok::<_, shmstate::CapacityError<char>>(())
    /// ```
    ///
    /// # Errors
    /// Gives `c` back if its bytes do not fit; the content is then as it was.
    pub fn push(&mut self, c: char) -> Result<(), CapacityError<char>> {
        self.push_str(c.encode_utf8(&mut [0; 4])).map_err(|full| full.with_value(c))
    }

    /// Removes the last character and returns it.
    ///
    /// ```
    /// let mut name = shmstate::Text::<4>::try_from("Zoë")?;
    /// assert_eq!(name.pop(), Some('ë'));
    /// assert_eq!(name, "Zo");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    pub fn pop(&mut self) -> Option<char> {
        let last = self.as_str().chars().next_back()?;
        self.blob.truncate(self.blob.len() - last.len_utf8());
        Some(last)
    }

    /// Inserts `text` at byte `index`, all or nothing.
    ///
    /// ```
    /// let mut name = shmstate::Text::<4>::try_from("Zë")?;
    /// name.insert_str(1, "o")?;
    /// assert_eq!(name, "Zoë");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// If there is not room for all of it; the content is then as it was.
    ///
    /// # Panics
    /// If `index` is past the end or within a character.
    #[track_caller]
    pub fn insert_str(&mut self, index: usize, text: &str) -> Result<(), CapacityError> {
        assert!(self.as_str().is_char_boundary(index), "byte {index} is not the start of a character, nor the end");
        self.blob.insert_slice(index, text.as_bytes()).map_err(of_text)
    }

    /// Inserts `c` at byte `index`.
    ///
    /// ```
    /// let mut name = shmstate::Text::<4>::try_from("Zë")?;
    /// name.insert(1, 'o').unwrap();
    /// assert_eq!(name.insert(0, 'D').unwrap_err().into_inner(), 'D');
    /// assert_eq!(name, "Zoë");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Errors
    /// Gives `c` back if its bytes do not fit; the content is then as it was.
    ///
    /// # Panics
    /// If `index` is past the end or within a character.
    #[track_caller]
    pub fn insert(&mut self, index: usize, c: char) -> Result<(), CapacityError<char>> {
        self.insert_str(index, c.encode_utf8(&mut [0; 4])).map_err(|full| full.with_value(c))
    }

    /// Removes the character at byte `index` and returns it.
    ///
    /// ```
    /// let mut name = shmstate::Text::<4>::try_from("Zoë")?;
    /// assert_eq!(name.remove(1), 'o');
    /// assert_eq!(name, "Zë");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Panics
    /// If `index` is at the end, past it, or within a character.
    #[track_caller]
    pub fn remove(&mut self, index: usize) -> char {
        let Some(removed) = self.as_str().get(index..).and_then(|rest| rest.chars().next()) else {
            panic!("byte {index} is not the start of a character")
        };
        self.blob.cut(index..index + removed.len_utf8());
        removed
    }

    /// Keeps the characters for which `keep` returns true.
    ///
    /// If `keep` panics, the characters that it has refused are gone, and the others are there.
    ///
    /// ```
    /// let mut name = shmstate::Text::<8>::try_from("Z-o-ë")?;
    /// name.retain(|c| c != '-');
    /// assert_eq!(name, "Zoë");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    pub fn retain(&mut self, mut keep: impl FnMut(char) -> bool) {
        let mut index = 0;
        while let Some(c) = self.as_str().get(index..).and_then(|rest| rest.chars().next()) {
            if keep(c) {
                index += c.len_utf8();
            } else {
                self.remove(index);
            }
        }
    }

    /// Keeps the first `len` bytes; does nothing if there are not more.
    ///
    /// ```
    /// let mut name = shmstate::Text::<4>::try_from("Zoë")?;
    /// name.truncate(1);
    /// assert_eq!(name, "Z");
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    ///
    /// # Panics
    /// If a character would be cut.
    #[track_caller]
    pub fn truncate(&mut self, len: usize) {
        if len <= self.len() {
            assert!(self.as_str().is_char_boundary(len), "byte {len} is not the start of a character, nor the end");
            self.blob.truncate(len);
        }
    }

    /// Removes everything.
    ///
    /// ```
    /// let mut name = shmstate::Text::<4>::try_from("Zoë")?;
    /// name.clear();
    /// assert!(name.is_empty());
    /// # Ok::<_, shmstate::CapacityError>(())
    /// ```
    #[inline]
    pub fn clear(&mut self) {
        self.blob.clear();
    }
}

/// Makes an error of the bytes one of the text.
#[cold]
fn of_text(full: CapacityError) -> CapacityError {
    CapacityError::new((), "text", full.capacity(), full.needed())
}
