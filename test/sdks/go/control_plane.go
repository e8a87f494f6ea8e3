package main

import (
	"strings"

	roa "github.com/alibabacloud-go/tea-roa/client"
	util "github.com/alibabacloud-go/tea-utils/service"
	"github.com/alibabacloud-go/tea/tea"
)

// Instances, as the Terraform provider manages them: by the client it uses for that, in the order of its calls.
func runControlPlane() {
	run("control plane: an instance is made, found, changed, tagged, listed and deleted", instanceLife)
	run("control plane: a wrong secret, and an instance that is not there", instanceRefusals)
}

const region = "cn-hangzhou"

type fields = map[string]any

func control(secret string) *roa.Client {
	host := strings.TrimPrefix(endpoint, "http://")
	config := &roa.Config{AccessKeyId: tea.String(keyID), AccessKeySecret: tea.String(secret), Endpoint: tea.String(host), Protocol: tea.String("HTTP")}
	made, err := roa.NewClient(config)
	must(err)
	return made
}

func callControl(secret, method, call string, query map[string]*string, body fields) (fields, error) {
	var sent any
	if body != nil {
		sent = body
	}
	version, path := tea.String("2020-12-09"), tea.String("/v2/openapi/"+call)
	reply, err := control(secret).DoRequest(version, nil, tea.String(method), tea.String("AK"), path, query, nil, sent, &util.RuntimeOptions{})
	if err != nil {
		return nil, err
	}
	return reply["body"].(fields), nil
}

func postControl(call string, body fields) {
	_, err := callControl(keySecret, "POST", call, nil, body)
	must(err)
}

func getInstance(secret, name string) (fields, error) {
	query := map[string]*string{"RegionId": tea.String(region), "InstanceName": tea.String(name)}
	return callControl(secret, "GET", "getinstance", query, nil)
}

func instanceLife() {
	const name = "from-roa"
	types, err := callControl(keySecret, "GET", "listclustertype", map[string]*string{}, nil)
	must(err)
	expect(types["ClusterTypes"], []any{"SSD", "HYBRID"})
	postControl("createinstance", fields{
		"RegionId": region, "ClusterType": "SSD", "InstanceName": name, "ResourceGroupId": "", "InstanceDescription": "by a client",
		"NetworkTypeACL": []string{"VPC", "CLASSIC"}, "NetworkSourceACL": []string{"TRUST_PROXY"},
		"Tags": []map[string]string{{"Key": "team", "Value": "blue sky"}},
	})
	postControl("updateinstance", fields{"RegionId": region, "InstanceName": name, "NetworkTypeACL": []string{"INTERNET"}, "NetworkSourceACL": []string{}})
	postControl("changeresourcegroup", fields{"ResourceId": name, "NewResourceGroupId": "rg-1"})
	tags := fields{"RegionId": region, "ResourceType": "INSTANCE", "ResourceIds": []string{name}}
	tags["Tags"] = []map[string]string{{"Key": "for", "Value": "tests"}}
	postControl("tagresources", tags)
	delete(tags, "Tags")
	tags["TagKeys"] = []string{"team"}
	postControl("untagresources", tags)
	found, err := getInstance(keySecret, name)
	must(err)
	expected := fields{
		"InstanceName": name, "InstanceStatus": "normal", "InstanceSpecification": "SSD", "InstanceDescription": "by a client", "ResourceGroupId": "rg-1",
		"NetworkTypeACL": []any{"INTERNET"}, "NetworkSourceACL": []any{}, "Tags": []any{fields{"Key": "for", "Value": "tests"}},
	}
	for field, value := range expected {
		expect([]any{field, found[field]}, []any{field, value})
	}
	query := map[string]*string{"RegionId": tea.String(region), "InstanceName": tea.String("from-"), "NextToken": tea.String("")}
	listed, err := callControl(keySecret, "GET", "listinstances", query, nil)
	must(err)
	expect(len(listed["Instances"].([]any)), 1)
	postControl("deleteinstance", fields{"RegionId": region, "InstanceName": name})
	_, err = getInstance(keySecret, name)
	expect(refusalOf(err), []any{404, "NotFound"})
}

func instanceRefusals() {
	_, err := getInstance("wrong", instance)
	expect(refusalOf(err), []any{403, "SignatureDoesNotMatch"})
	_, err = getInstance(keySecret, "nowhere")
	expect(refusalOf(err), []any{404, "NotFound"})
}

func refusalOf(err error) []any {
	refusal, isRefusal := err.(*tea.SDKError)
	if !isRefusal {
		return []any{err}
	}
	return []any{tea.IntValue(refusal.StatusCode), tea.StringValue(refusal.Code)}
}
