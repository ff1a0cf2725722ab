#include "tenon/device.h"

#include <gtest/gtest.h>

#include "tests/testing/errors.h"

namespace tenon {
namespace {

TEST(DeviceSpecTest, ReadsWholeAndShortNames) {
  EXPECT_EQ(DeviceSpec::from_string("/job:ps/replica:1/task:2/device:GPU:3").to_string(),
            "/job:ps/replica:1/task:2/device:GPU:3");
  EXPECT_EQ(DeviceSpec::from_string("/gpu:1").to_string(), "/device:GPU:1");
  EXPECT_EQ(DeviceSpec::from_string("/cpu:0").to_string(), "/device:CPU:0");
  EXPECT_EQ(DeviceSpec::from_string("").to_string(), "");
  EXPECT_EQ(DeviceSpec::from_string("tpu/job:").to_string(), "/job:/device:TPU:*");
}

TEST(DeviceSpecTest, LeavesOutWhatIsAStar) {
  EXPECT_EQ(DeviceSpec::from_string("/gpu:*").to_string(), "/device:GPU:*");
  EXPECT_EQ(DeviceSpec::from_string("/device:GPU:*").to_string(), "/device:GPU:*");
}

TEST(DeviceSpecTest, RejectsWhatDoesNotParse) {
  EXPECT_ERROR(DeviceSpec::from_string("/gpu:x"), ValueError, bad_device, "/gpu:x");
  EXPECT_ERROR(DeviceSpec::from_string("/nonsense:0"), ValueError, bad_device, "nonsense");
  EXPECT_ERROR(DeviceSpec::from_string("/gpu:0/cpu:0"), ValueError, bad_device,
               "multiple device types are not allowed");
  EXPECT_ERROR(DeviceSpec::from_string("/task:*"), ValueError, bad_device, "'*' is no number");
  EXPECT_ERROR(DeviceSpec::from_string("/task:99999999999999"), ValueError, bad_device, "number");
}

// TensorFlow reads these, too; no session has such a device.
TEST(DeviceSpecTest, ReadsNegativeNumbers) {
  EXPECT_EQ(DeviceSpec::from_string("/task:-1/gpu:-2").to_string(), "/task:-1/device:GPU:-2");
}

TEST(DeviceSpecTest, MergesFieldByField) {
  const DeviceSpec outer = DeviceSpec::from_string("/job:ps/device:CPU:0");
  EXPECT_EQ(outer.merged_with(DeviceSpec::from_string("/device:GPU:1")).to_string(),
            "/job:ps/device:GPU:1");
}

}  // namespace
}  // namespace tenon
