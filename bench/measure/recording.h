#pragma once
// A recording of some minutes (bench/measure/record.sh) made into weeks, and the detectors over them.
//
// The method is a moving-block bootstrap: a pair's weeks are put together from blocks of two consecutive minutes of its
// own recording, drawn at random with replacement; what minutes do to their neighbours within a block is kept, what
// they do over hours is not there to be kept. Of a minute its distance from the pair's calm median is taken, its loss,
// its TTL and its clock error. Three kinds of weeks:
//
//   calm      blocks of the calm phase
//   evenings  for the pairs that queued in the phase of TCP flows: from 18 to 22 h blocks of that phase, weighed by a
//   cosine from nothing to
//             the whole and back, and by 0.8 to 1.2 of the evening; calm otherwise
//   losing    blocks of the phase with loss
//
// In the second week the delay changes for good by 0.5, 1, 2 or 5 ms, in the third an hour loses a tenth more, in the
// fourth packets take another way (a TTL less, 0.3 ms more). What is said otherwise is a false alarm, but for the first
// two days, in which the detectors learn.

namespace quipu::bench {

/// Prints what was found and the false alarms a month and pair. 0, or 1 when the file can't be read.
int replay_recording(const char* path, int weeks);

}  // namespace quipu::bench
